/* What `server` serves and `client` checks: documents that follow from their numbers, one a page. */
#ifndef DOCUMENTS_H
#define DOCUMENTS_H

#include "runtime.h"

enum { DOCUMENT_WORDS = 64, LAST_WORD = PAGE_BYTES / 8 - 1 };

struct documents { uint8_t *pages; uint64_t count; };
struct answer { uint64_t document, checksum; };

/* Space for the documents of `bytes`; they are made when they are first found. */
static inline struct documents map_documents(uint64_t bytes) {
    return (struct documents){map_pages(bytes & -PAGE_BYTES, 0), bytes / PAGE_BYTES};
}

static inline uint64_t *page_of(struct documents *all, uint64_t number) {
    return (uint64_t *)(all->pages + number * PAGE_BYTES);
}

static inline void write_document(uint64_t *words, uint64_t number) {
    struct random random = seeded(number + 1);
    /* xorshift64* has no zero among its numbers: the first word tells that a document is there. */
    for (int i = 0; i < DOCUMENT_WORDS; i++) words[i] = next_random(&random);
}

static inline const uint64_t *find_document(struct documents *all, uint64_t number) {
    uint64_t *words = page_of(all, number);
    if (!words[0]) write_document(words, number);
    return words;
}

static inline uint64_t checksum_of(const uint64_t *words) {
    uint64_t sum = 0;
    for (int i = 0; i < DOCUMENT_WORDS; i++) sum = mix(sum, words[i]);
    return sum;
}

#endif
