/* Uses CoreKey and another Rust library in one program. */

#include <corekey.h>

#include <stdio.h>

uint32_t neighbour_sum(uint32_t count);

int main(void)
{
    uint8_t nonce[COREKEY_NONCE_LEN];

    if (corekey_selftest() != COREKEY_OK)
        return 1;
    if (corekey_random(nonce, sizeof nonce) != COREKEY_OK)
        return 2;
    printf("%u %u\n", (unsigned)neighbour_sum(5), (unsigned)neighbour_sum(11));
    return 0;
}
