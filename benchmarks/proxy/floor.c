/* The floor: the cheapest relay epoll allows, so that the distance to it can be printed.
 *
 * It parses nothing. One read is taken for one whole message, a client is paired with one node
 * connection per request, and nothing is checked that a proxy would have to check. What it costs is
 * what the four system calls of a relayed request cost on this machine.
 *
 * Usage: floor LISTEN_PORT NODE_PORT...
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_FD = 65536, MAX_NODES = 16, BATCH = 256 };

struct side {
    int node;    /* which node this connection leads to, or -1 for a client */
    int partner; /* the other end of the request in flight */
};

static struct side sides[MAX_FD];
static int idle[MAX_NODES][MAX_FD], idle_count[MAX_NODES];
static int node_ports[MAX_NODES], node_count;
static int poller;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static struct sockaddr_in loopback(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void watch(int fd, int node) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sides[fd] = (struct side){.node = node, .partner = -1};
    struct epoll_event interest = {.events = EPOLLIN | EPOLLET, .data.fd = fd};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &interest) < 0) die("epoll_ctl");
}

static int lend(int node) {
    if (idle_count[node] > 0) return idle[node][--idle_count[node]];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = loopback(node_ports[node]);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die("connect");
    watch(fd, node);
    return fd;
}

static void relay(int fd) {
    static char message[65536];
    static unsigned turn;
    ssize_t length = recv(fd, message, sizeof message, MSG_DONTWAIT);
    if (length < 0 && errno == EAGAIN) return;
    if (length <= 0) {
        close(fd);
        return;
    }
    struct side *side = &sides[fd];
    if (side->node < 0) {
        int other = lend((int)(turn++ % (unsigned)node_count));
        sides[other].partner = fd;
        send(other, message, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
    } else {
        idle[side->node][idle_count[side->node]++] = fd;
        send(side->partner, message, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

int main(int count, char **words) {
    if (count < 3 || count - 2 > MAX_NODES) {
        fprintf(stderr, "usage: floor LISTEN_PORT NODE_PORT... (1 to %d nodes)\n", MAX_NODES);
        return 2;
    }
    node_count = count - 2;
    for (int i = 0; i < node_count; i++) node_ports[i] = atoi(words[i + 2]);

    const int on = 1;
    struct sockaddr_in address = loopback(atoi(words[1]));
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
    if (listen(listener, 4096) < 0) die("listen");
    poller = epoll_create1(0);
    struct epoll_event interest = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &interest);

    struct epoll_event ready[BATCH];
    for (;;) {
        int n = epoll_wait(poller, ready, BATCH, -1);
        for (int i = 0; i < n; i++) {
            int fd = ready[i].data.fd;
            if (fd != listener) {
                relay(fd);
                continue;
            }
            for (int client; (client = accept(listener, NULL, NULL)) >= 0;) watch(client, -1);
        }
    }
}
