/*
 * A client of `server`: makes connections one after the other, asks for documents,
 * thinks after each answer as a person at a slow line does, and checks every answer
 * against the document that it makes itself.
 */
#include "runtime/documents.h"
#include "runtime/sockets.h"

#define USAGE "client address seed connections requests [heap (1M)] [think time in microseconds (1000)]"

int main(int argc, char **argv, char **envp) {
    (void)envp;
    if (argc < 5 || argc > 7) usage(USAGE);
    struct address address = parse_address(argv[1], USAGE);
    uint64_t seed = parse_size(argv[2], 0, 1 << 20, USAGE);
    uint64_t connections = parse_size(argv[3], 1, 1000, USAGE);
    uint64_t requests = parse_size(argv[4], 1, 1000000, USAGE);
    uint64_t documents = (argc > 5 ? parse_size(argv[5], PAGE_BYTES, GIB, USAGE) : MIB) / PAGE_BYTES;
    uint64_t think = argc > 6 ? parse_size(argv[6], 0, 10000000, USAGE) : 1000;

    struct random random = seeded(seed);
    uint64_t sum = 0;
    for (uint64_t c = 0; c < connections; c++) {
        int connection = connect_to(&address);
        for (uint64_t r = 0; r < requests; r++) {
            uint64_t words[DOCUMENT_WORDS], wanted = random_below(&random, documents);
            struct answer answer;
            if (!send_all(connection, &wanted, sizeof wanted)) fail("client: the server has gone");
            if (!receive(connection, &answer, sizeof answer)) fail("client: no answer");
            write_document(words, wanted);
            if (answer.document != wanted || answer.checksum != checksum_of(words)) fail("client: a wrong answer");
            sum = mix(sum, answer.checksum);
            sleep_for(think);
        }
        close_file(connection);
    }
    print("client %lu: %lu connections, %lu requests, checksum %016lx\n", seed, connections, connections * requests, sum);
    return 0;
}
