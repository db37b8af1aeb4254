#ifdef __cplusplus
}
#endif

#endif /* COREKEY_H */
