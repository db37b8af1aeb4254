/* Secrets as text: known answers, room and the NUL, and every kind of text
 * that is not the canonical one.
 */
#include "support.h"

static const uint32_t ENCODINGS[] = {COREKEY_HEX, COREKEY_BASE64, COREKEY_BASE64URL};

/* RFC 4648 section 10, and the two characters in which the alphabets differ. */
static const struct {
  const char *data;
  const char *texts[COUNT(ENCODINGS)];
} KNOWN[] = {
    {"", {"", "", ""}},
    {"f", {"66", "Zg==", "Zg"}},
    {"fo", {"666f", "Zm8=", "Zm8"}},
    {"foo", {"666f6f", "Zm9v", "Zm9v"}},
    {"foob", {"666f6f62", "Zm9vYg==", "Zm9vYg"}},
    {"fooba", {"666f6f6261", "Zm9vYmE=", "Zm9vYmE"}},
    {"foobar", {"666f6f626172", "Zm9vYmFy", "Zm9vYmFy"}},
    {"\xfb\xff\xfe", {"fbfffe", "+//+", "-__-"}},
};

static const uint8_t *bytes(const char *text) { return (const uint8_t *)text; }

static size_t text_len(uint32_t encoding, size_t data_len) {
  switch (encoding) {
    case COREKEY_HEX:
      return 2 * data_len;
    case COREKEY_BASE64:
      return (data_len + 2) / 3 * 4;
    default:
      return (4 * data_len + 2) / 3;
  }
}

static void the_known_answers_come_out(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    for (size_t e = 0; e < COUNT(ENCODINGS); e++) {
      const char *const text = KNOWN[i].texts[e];
      const size_t data_len = strlen(KNOWN[i].data);
      buffer out;
      size_t len = NO_LENGTH;
      refresh(&out);
      OK(corekey_encode(ENCODINGS[e], bytes(KNOWN[i].data), data_len, (char *)out.at,
                        strlen(text) + 1, &len));
      assert_int_equal(len, strlen(text));
      assert_memory_equal(out.at, text, len + 1);
      assert_only(&out, len + 1);

      refresh(&out);
      OK(corekey_decode(ENCODINGS[e], text, strlen(text), out.at, data_len, &len));
      assert_int_equal(len, data_len);
      assert_memory_equal(out.at, KNOWN[i].data, data_len);
      assert_only(&out, data_len);
    }
  }
}

static void every_byte_value_and_length_comes_back(void **state) {
  uint8_t data[256];
  (void)state;
  for (size_t i = 0; i < sizeof data; i++) {
    data[i] = (uint8_t)(i * 167 + 13);
  }
  for (size_t e = 0; e < COUNT(ENCODINGS); e++) {
    for (size_t data_len = 0; data_len <= sizeof data; data_len++) {
      buffer text;
      buffer out;
      size_t len = NO_LENGTH;
      refresh(&text);
      refresh(&out);
      OK(corekey_encode(ENCODINGS[e], data, data_len, (char *)text.at, BUFFER_LEN, &len));
      assert_int_equal(len, text_len(ENCODINGS[e], data_len));
      assert_int_equal(len, strlen((char *)text.at));
      assert_only(&text, len + 1);
      OK(corekey_decode(ENCODINGS[e], (char *)text.at, len, out.at, BUFFER_LEN, &len));
      assert_int_equal(len, data_len);
      assert_memory_equal(out.at, data, data_len);
      assert_only(&out, data_len);
    }
  }
}

static void hex_is_read_in_either_case(void **state) {
  const char text[] = "00aAfFBb9cDeE1";
  uint8_t out[7];
  size_t len;
  (void)state;
  OK(corekey_decode(COREKEY_HEX, text, sizeof text - 1, out, sizeof out, &len));
  assert_hex(out, len, "00aaffbb9cdee1");
}

static void too_little_room_tells_how_much_is_needed(void **state) {
  uint8_t data[40];
  (void)state;
  paint(data, sizeof data);
  for (size_t e = 0; e < COUNT(ENCODINGS); e++) {
    for (size_t data_len = 0; data_len <= sizeof data; data_len++) {
      const size_t needed = text_len(ENCODINGS[e], data_len) + 1;
      char text[2 * sizeof data + 1];
      buffer out;
      size_t len;
      refresh(&out);
      for (size_t room = 0; room < needed; room++) {
        len = NO_LENGTH;
        EXPECT(COREKEY_E_BUFFER_TOO_SMALL,
               corekey_encode(ENCODINGS[e], data, data_len, room == 0 ? NULL : (char *)out.at,
                              room, &len));
        assert_int_equal(len, needed);
      }
      OK(corekey_encode(ENCODINGS[e], data, data_len, text, sizeof text, &len));
      for (size_t room = 0; room < data_len; room++) {
        size_t decoded_len = NO_LENGTH;
        EXPECT(COREKEY_E_BUFFER_TOO_SMALL,
               corekey_decode(ENCODINGS[e], text, len, room == 0 ? NULL : out.at, room,
                              &decoded_len));
        assert_int_equal(decoded_len, data_len);
      }
      assert_untouched(&out);
    }
  }
}

static void is_refused(uint32_t encoding, const char *text, size_t len) {
  buffer out;
  size_t out_len = NO_LENGTH;
  refresh(&out);
  expect_status(corekey_decode(encoding, text, len, out.at, BUFFER_LEN, &out_len),
                COREKEY_E_ENCODING, text, __FILE__, __LINE__);
  assert_int_equal(out_len, NO_LENGTH);
  assert_untouched(&out);
}

static void texts_that_are_not_canonical_are_refused(void **state) {
  static const struct {
    uint32_t encoding;
    const char *text;
  } bad[] = {
      {COREKEY_HEX, "0"},           {COREKEY_HEX, "000"},
      {COREKEY_HEX, "0g"},          {COREKEY_HEX, "0x00"},
      {COREKEY_HEX, " 00 "},        {COREKEY_HEX, "00\n0"},
      {COREKEY_HEX, "00:0"},        {COREKEY_BASE64, "Z"},
      {COREKEY_BASE64, "Zg"},       {COREKEY_BASE64, "Zg="},
      {COREKEY_BASE64, "Zg==="},    {COREKEY_BASE64, "Z==="},
      {COREKEY_BASE64, "===="},     {COREKEY_BASE64, "="},
      {COREKEY_BASE64, "Zh=="},     {COREKEY_BASE64, "Zm9="},
      {COREKEY_BASE64, "Zg=A"},     {COREKEY_BASE64, "=Zg="},
      {COREKEY_BASE64, "Zg==Zg=="}, {COREKEY_BASE64, "Zm8=Zm9v"},
      {COREKEY_BASE64, "Zm9v="},    {COREKEY_BASE64, "Zm9v===="},
      {COREKEY_BASE64, "Zm9v\n"},   {COREKEY_BASE64, "Zm 9"},
      {COREKEY_BASE64, "-__-"},     {COREKEY_BASE64, "Zm9vYmF\n"},
      {COREKEY_BASE64URL, "Z"},     {COREKEY_BASE64URL, "Zm9vY"},
      {COREKEY_BASE64URL, "Zg=="},  {COREKEY_BASE64URL, "Zm8="},
      {COREKEY_BASE64URL, "Zh"},    {COREKEY_BASE64URL, "Zm9"},
      {COREKEY_BASE64URL, "+//+"},  {COREKEY_BASE64URL, "Zm9v\n"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(bad); i++) {
    is_refused(bad[i].encoding, bad[i].text, strlen(bad[i].text));
  }
}

/* The long text spans what the decoder checks at a time. */
static void one_wrong_character_anywhere_is_refused(void **state) {
  const char wrong[] = {'\0', ' ', '\n', '=', '!', '@', '.', '\x7f', '\x80', '\xff'};
  (void)state;
  for (size_t e = 0; e < COUNT(ENCODINGS); e++) {
    char text[200];
    memset(text, 'A', sizeof text);
    for (size_t i = 0; i < sizeof text; i++) {
      for (size_t w = 0; w < sizeof wrong; w++) {
        const bool is_padding =
            ENCODINGS[e] == COREKEY_BASE64 && wrong[w] == '=' && i == sizeof text - 1;
        if (is_padding) {
          continue;
        }
        text[i] = wrong[w];
        is_refused(ENCODINGS[e], text, sizeof text);
      }
      text[i] = 'A';
    }
  }
}

static void every_character_outside_the_alphabet_is_refused(void **state) {
  static const char *const alphabets[COUNT(ENCODINGS)] = {
      "0123456789abcdefABCDEF",
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
  };
  (void)state;
  for (size_t e = 0; e < COUNT(ENCODINGS); e++) {
    for (int c = 1; c < 256; c++) {
      const char text[] = {'A', (char)c, 'A', 'A'};
      if (strchr(alphabets[e], (char)c) == NULL) {
        is_refused(ENCODINGS[e], text, sizeof text);
      } else {
        uint8_t out[3];
        size_t len;
        OK(corekey_decode(ENCODINGS[e], text, sizeof text, out, sizeof out, &len));
      }
    }
  }
}

static void a_nul_is_no_end_of_text(void **state) {
  (void)state;
  for (size_t e = 0; e < COUNT(ENCODINGS); e++) {
    is_refused(ENCODINGS[e], "AAAA\0\0\0\0", 8);
  }
}

static void other_encodings_are_refused(void **state) {
  uint32_t wrong[ALGORITHMS];
  const size_t count = wrong_algorithms(COREKEY_HEX, COREKEY_BASE64URL, wrong);
  buffer out;
  size_t len = NO_LENGTH;
  (void)state;
  refresh(&out);
  for (size_t i = 0; i < count; i++) {
    EXPECT(COREKEY_E_ALGORITHM,
           corekey_encode(wrong[i], bytes("foo"), 3, (char *)out.at, BUFFER_LEN, &len));
    EXPECT(COREKEY_E_ALGORITHM, corekey_decode(wrong[i], "Zm9v", 4, out.at, BUFFER_LEN, &len));
  }
  assert_int_equal(len, NO_LENGTH);
  assert_untouched(&out);
}

/* Their text would be longer than PTRDIFF_MAX. They lie in the upper half of
 * the addresses, which no program has.
 */
static void data_whose_text_no_buffer_holds_are_refused(void **state) {
  const uint8_t *const data = (const uint8_t *)((uintptr_t)PTRDIFF_MAX + 1);
  size_t len = NO_LENGTH;
  (void)state;
  for (size_t e = 0; e < COUNT(ENCODINGS); e++) {
    EXPECT(COREKEY_E_LENGTH,
           corekey_encode(ENCODINGS[e], data, PTRDIFF_MAX, NULL, 0, &len));
  }
  assert_int_equal(len, NO_LENGTH);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_known_answers_come_out),
      cmocka_unit_test(every_byte_value_and_length_comes_back),
      cmocka_unit_test(hex_is_read_in_either_case),
      cmocka_unit_test(too_little_room_tells_how_much_is_needed),
      cmocka_unit_test(texts_that_are_not_canonical_are_refused),
      cmocka_unit_test(one_wrong_character_anywhere_is_refused),
      cmocka_unit_test(every_character_outside_the_alphabet_is_refused),
      cmocka_unit_test(a_nul_is_no_end_of_text),
      cmocka_unit_test(other_encodings_are_refused),
      cmocka_unit_test(data_whose_text_no_buffer_holds_are_refused),
  };
  return cmocka_run_group_tests_name("encode", tests, NULL, NULL);
}
