/*
 * A server of documents, built in the ways that a server can be. It holds a heap of
 * one document a page; a client asks for documents by number and gets a checksum of
 * their words back. The server ends after so many connections.
 *
 *   naive    one connection after the other, in one process
 *   prefork  workers that were forked before, and accept at one socket
 *   fork     a child for each connection, which finds the heap in its memory
 *   exec     a child for each connection that executes a program, as inetd does;
 *            made with fork, that is with a copy of a heap that nobody will use
 *   vfork    the same, made with vfork
 *
 * Children tell what they did through a pipe. What the server prints depends on the
 * requests alone, not on how they were served.
 */
#include "runtime/documents.h"
#include "runtime/sockets.h"

#define USAGE \
    "server naive|prefork|fork|exec|vfork address connections [heap (1M)] [pages written a connection (4)] [workers (4)]"

enum { BACKLOG = 128, TALLY_FILE = 3 };

/* What was done; sums, so that the order does not matter. */
struct tally { uint64_t requests, checksum; };

struct server {
    char *program;
    int listener;
    int to_parent, from_children; /* the pipe */
    uint64_t connections, writes, workers;
    char *heap_text, *writes_text;
    struct documents documents;
    struct tally total;
};

static void add(struct tally *to, struct tally more) {
    to->requests += more.requests;
    to->checksum += more.checksum;
}

/* Answers until the client closes. Writing changes no document, only the last word of its page. */
static struct tally serve(struct documents *documents, uint64_t writes, int connection) {
    struct tally done = {0, 0};
    uint64_t request;
    while (receive(connection, &request, sizeof request)) {
        if (request >= documents->count) fail("server: asked for a document that there is not");
        struct answer answer = {request, checksum_of(find_document(documents, request))};
        done.requests++;
        done.checksum += answer.checksum;
        if (!send_all(connection, &answer, sizeof answer)) break;
    }
    for (uint64_t i = 0; i < writes; i++) ((volatile uint64_t *)page_of(documents, i))[LAST_WORD] = done.requests;
    close_file(connection);
    return done;
}

static int accept_connection(const struct server *server) {
    long connection;
    do connection = system_call(SYS_ACCEPT, server->listener, 0, 0, 0, 0, 0);
    while (connection == -EINTR);
    if (connection < 0) fail("accept: refused");
    return (int)connection;
}

/* ---- children ---------------------------------------------------------- */

static void tell_parent(int file, struct tally done) {
    /* At once, as pipe(7) promises for so few bytes. */
    if (system_call(SYS_WRITE, file, (long)&done, sizeof done, 0, 0, 0) != sizeof done)
        fail("server: the parent has gone");
}

static void hear_children(struct server *server) {
    for (uint64_t i = 0; i < server->connections; i++) {
        struct tally done;
        long n = system_call(SYS_READ, server->from_children, (long)&done, sizeof done, 0, 0, 0);
        if (n != sizeof done) fail("server: a child said nothing");
        add(&server->total, done);
    }
}

/* Waits for a child, which is to end with `wanted`. */
static bool reap(int options, int wanted) {
    int status = 0;
    if (wait_for_child(&status, options) <= 0) return false;
    if (status != wanted) fail("server: a child failed");
    return true;
}

/* ---- the styles -------------------------------------------------------- */

static void serve_naively(struct server *server) {
    for (uint64_t i = 0; i < server->connections; i++)
        add(&server->total, serve(&server->documents, server->writes, accept_connection(server)));
}

static _Noreturn void work(struct server *server) {
    for (;;) tell_parent(server->to_parent, serve(&server->documents, server->writes, accept_connection(server)));
}

static void serve_preforked(struct server *server) {
    static long workers[64];
    for (uint64_t i = 0; i < server->workers; i++) {
        workers[i] = fork();
        if (workers[i] == 0) work(server);
    }
    hear_children(server);
    for (uint64_t i = 0; i < server->workers; i++) system_call(SYS_KILL, workers[i], SIGTERM, 0, 0, 0, 0);
    for (uint64_t i = 0; i < server->workers; i++) reap(0, SIGTERM);
}

struct task { struct server *server; int connection; };

static void serve_and_exit(void *argument) {
    struct task *task = argument;
    struct server *server = task->server;
    close_file(server->listener);
    tell_parent(server->to_parent, serve(&server->documents, server->writes, task->connection));
    exit(0);
}

/* The handler finds its connection where inetd puts it. */
static void execute_handler(void *argument) {
    struct task *task = argument;
    struct server *server = task->server;
    char *arguments[] = {server->program, "handle", server->heap_text, server->writes_text, NULL};
    char *environment[] = {NULL};
    system_call(SYS_DUP3, server->to_parent, TALLY_FILE, 0, 0, 0, 0);
    system_call(SYS_DUP3, task->connection, 0, 0, 0, 0, 0);
    close_file(task->connection);
    close_file(server->listener);
    system_call(SYS_EXECVE, (long)server->program, (long)arguments, (long)environment, 0, 0, 0);
    /* Not fail(), which would use a buffer that may be the parent's. */
    for (;;) system_call(SYS_EXIT_GROUP, 1, 0, 0, 0, 0, 0);
}

static void start_forked(struct task *task, void (*run)(void *)) {
    if (fork() == 0) run(task);
}
static void start_child(struct task *task) { start_forked(task, serve_and_exit); }
static void start_handler(struct task *task) { start_forked(task, execute_handler); }
static void start_handler_at_once(struct task *task) { vfork_to(execute_handler, task); }

static void serve_by_children(struct server *server, void (*start)(struct task *)) {
    uint64_t ended = 0;
    for (uint64_t i = 0; i < server->connections; i++) {
        struct task task = {server, accept_connection(server)};
        start(&task);
        close_file(task.connection);
        while (reap(WNOHANG, 0)) ended++;
    }
    for (; ended < server->connections; ended++) reap(0, 0);
    hear_children(server);
}

/* ---- start ------------------------------------------------------------- */

/* The program that a child of `exec` and `vfork` executes: it makes the documents that it is asked for. */
static int handle(int argc, char **argv) {
    if (argc != 4) usage("server handle heap writes");
    struct documents documents = map_documents(parse_size(argv[2], PAGE_BYTES, GIB, USAGE));
    uint64_t writes = parse_size(argv[3], 0, documents.count, USAGE);
    tell_parent(TALLY_FILE, serve(&documents, writes, 0));
    return 0;
}

static void serve_all(struct server *server, const char *style) {
    if (same_text(style, "naive")) serve_naively(server);
    else if (same_text(style, "prefork")) serve_preforked(server);
    else if (same_text(style, "fork")) serve_by_children(server, start_child);
    else if (same_text(style, "exec")) serve_by_children(server, start_handler);
    else serve_by_children(server, start_handler_at_once);
}

static void open_pipe(struct server *server) {
    int ends[2];
    if (system_call(SYS_PIPE2, (long)ends, 0, 0, 0, 0, 0) < 0) fail("pipe: can't be made");
    server->from_children = ends[0];
    server->to_parent = ends[1];
}

static void check_style(const char *style) {
    static const char *const styles[] = {"naive", "prefork", "fork", "exec", "vfork"};
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) if (same_text(style, styles[i])) return;
    usage(USAGE);
}

int main(int argc, char **argv, char **envp) {
    (void)envp;
    if (argc > 1 && same_text(argv[1], "handle")) return handle(argc, argv);
    if (argc < 4 || argc > 7) usage(USAGE);
    check_style(argv[1]);
    struct address address = parse_address(argv[2], USAGE);
    struct server server = {.program = argv[0]};
    server.connections = parse_size(argv[3], 0, 1000, USAGE);
    server.heap_text = argc > 4 ? argv[4] : "1M";
    uint64_t bytes = parse_size(server.heap_text, PAGE_BYTES, GIB, USAGE);
    server.writes_text = argc > 5 ? argv[5] : bytes / PAGE_BYTES < 4 ? "0" : "4";
    server.writes = parse_size(server.writes_text, 0, bytes / PAGE_BYTES, USAGE);
    server.workers = argc > 6 ? parse_size(argv[6], 1, 64, USAGE) : 4;

    server.documents = map_documents(bytes);
    for (uint64_t i = 0; i < server.documents.count; i++) find_document(&server.documents, i);
    open_pipe(&server);
    server.listener = listen_at(&address, BACKLOG);
    serve_all(&server, argv[1]);
    close_file(server.listener);
    if (address.path) system_call(SYS_UNLINKAT, AT_FDCWD, (long)address.path, 0, 0, 0, 0);
    print("server: %lu connections, %lu requests, checksum %016lx\n", server.connections, server.total.requests,
          server.total.checksum);
    return 0;
}
