/* Nodes whose delay, status and life a benchmark changes while they serve.
 *
 * One process, one listener on each port given. A node answers any request with an empty line at its end after its
 * delay, with its name in `X-Node`. With places it works on so many requests at a time and lets the others wait in
 * turn, as a server with a pool of threads does.
 *
 * Commands come on standard input, one a line, each answered by `ok`; the nodes end with their input:
 *   delay NODE MILLISECONDS     status NODE CODE     places NODE COUNT (0: no bound)
 *   down NODE    as a killed process: connections reset, new ones refused
 *   up NODE      listens again
 *
 * Usage: nodes PORT...
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FD = 65536, MAX_NODES = 16, BATCH = 256, HEAD = 8192 };

struct node {
    int port, listener, status, places, busy;
    uint64_t delay;
    int first, last; /* who waits for a place: a list through the connections */
};

struct connection {
    int node; /* -1: none */
    int next, length, ends, asked;
    uint32_t life; /* tells a later connection of the same number from this one */
    char *head;
};

struct due {
    uint64_t at;
    int fd;
    uint32_t life;
};

static struct node nodes[MAX_NODES];
static struct connection connections[MAX_FD];
static struct due heap[MAX_FD];
static int node_count, due_count, poller, timer;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void push(struct due one) {
    int at = due_count++;
    for (; at > 0 && heap[(at - 1) / 2].at > one.at; at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
    heap[at] = one;
}

static struct due pop(void) {
    struct due first = heap[0], last = heap[--due_count];
    int at = 0;
    for (int child; (child = 2 * at + 1) < due_count; at = child) {
        if (child + 1 < due_count && heap[child + 1].at < heap[child].at) child++;
        if (heap[child].at >= last.at) break;
        heap[at] = heap[child];
    }
    heap[at] = last;
    return first;
}

static void watch(int fd) {
    struct epoll_event interest = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &interest) < 0) die("epoll_ctl");
}

static void up(struct node *node) {
    if (node->listener >= 0) return;
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)node->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    node->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(node->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(node->listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
    if (listen(node->listener, 4096) < 0) die("listen");
    watch(node->listener);
}

static void start_work(int fd);

static void leave(int fd) {
    struct connection *one = &connections[fd];
    struct node *node = &nodes[one->node];
    if (one->asked == 2) {
        node->busy--;
    } else if (one->asked == 1) {
        for (int before = -1, at = node->first; at >= 0; before = at, at = connections[at].next) {
            if (at != fd) continue;
            if (before < 0) node->first = one->next;
            else connections[before].next = one->next;
            if (node->last == fd) node->last = before;
            break;
        }
    }
    one->asked = 0;
}

static void next_in_turn(struct node *node) {
    while (node->first >= 0 && (!node->places || node->busy < node->places)) {
        int fd = node->first;
        node->first = connections[fd].next;
        if (node->first < 0) node->last = -1;
        start_work(fd);
    }
}

static void drop(int fd, int reset) {
    struct connection *one = &connections[fd];
    struct node *node = &nodes[one->node];
    leave(fd);
    one->node = -1;
    one->life++;
    if (reset) {
        struct linger none = {.l_onoff = 1, .l_linger = 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    }
    close(fd);
    if (!reset) next_in_turn(node);
}

static void down(struct node *node) {
    if (node->listener < 0) return;
    close(node->listener);
    node->listener = -1;
    for (int fd = 0; fd < MAX_FD; fd++)
        if (connections[fd].node == node - nodes) drop(fd, 1);
}

static void answer(int fd) {
    struct connection *one = &connections[fd];
    struct node *node = &nodes[one->node];
    static const char body[] =
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    char text[512];
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 %d %s\r\nX-Node: %c\r\nContent-Length: %zu\r\n%s\r\n%s", node->status,
                          node->status < 400 ? "OK" : "Failed", 'a' + one->node, sizeof body - 1,
                          one->ends ? "Connection: close\r\n" : "", body);
    leave(fd);
    if (send(fd, text, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) < length || one->ends) drop(fd, 0);
    else next_in_turn(node);
}

static void start_work(int fd) {
    struct connection *one = &connections[fd];
    struct node *node = &nodes[one->node];
    one->asked = 2;
    node->busy++;
    if (node->delay) push((struct due){now() + node->delay, fd, one->life});
    else answer(fd);
}

static void ask(int fd) {
    struct connection *one = &connections[fd];
    struct node *node = &nodes[one->node];
    one->head[one->length] = 0;
    one->ends = strcasestr(one->head, "\r\nconnection: close") != NULL || strstr(one->head, " HTTP/1.0\r\n") != NULL;
    one->length = 0;
    if (!node->places || node->busy < node->places) {
        start_work(fd);
        return;
    }
    one->asked = 1;
    one->next = -1;
    if (node->last < 0) node->first = fd;
    else connections[node->last].next = fd;
    node->last = fd;
}

static void hear(int fd) {
    struct connection *one = &connections[fd];
    ssize_t length = recv(fd, one->head + one->length, (size_t)(HEAD - 1 - one->length), MSG_DONTWAIT);
    if (length < 0 && errno == EAGAIN) return;
    if (length <= 0) {
        drop(fd, 0);
        return;
    }
    one->length += (int)length;
    if (one->length >= 4 && memcmp(one->head + one->length - 4, "\r\n\r\n", 4) == 0) ask(fd);
}

static void admit(int at) {
    const int on = 1;
    for (int fd; (fd = accept4(nodes[at].listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        struct connection *one = &connections[fd];
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (!one->head) one->head = malloc(HEAD);
        one->node = at;
        one->length = one->asked = 0;
        watch(fd);
    }
}

static void command(char *line) {
    char word[16];
    int at;
    double value = 0;
    if (sscanf(line, "%15s %d %lf", word, &at, &value) < 2 || at < 0 || at >= node_count) die("command");
    struct node *node = &nodes[at];
    if (!strcmp(word, "delay")) node->delay = (uint64_t)(value * 1e6);
    else if (!strcmp(word, "status")) node->status = (int)value;
    else if (!strcmp(word, "places")) node->places = (int)value;
    else if (!strcmp(word, "down")) down(node);
    else if (!strcmp(word, "up")) up(node);
    else die(word);
}

static void commands(void) {
    static char text[4096];
    static size_t held;
    ssize_t length = read(0, text + held, sizeof text - 1 - held);
    if (length <= 0) exit(0);
    held += (size_t)length;
    text[held] = 0;
    char *line = text;
    for (char *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        command(line);
        if (write(1, "ok\n", 3) != 3) exit(0);
    }
    held = strlen(line);
    memmove(text, line, held);
}

int main(int count, char **words) {
    if (count < 2 || count - 1 > MAX_NODES) {
        fprintf(stderr, "usage: nodes PORT... (1 to %d)\n", MAX_NODES);
        return 2;
    }
    for (int fd = 0; fd < MAX_FD; fd++) connections[fd].node = -1;
    poller = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    watch(timer);
    watch(0);
    node_count = count - 1;
    for (int i = 0; i < node_count; i++) {
        nodes[i] = (struct node){.port = atoi(words[i + 1]), .listener = -1, .status = 200, .first = -1, .last = -1};
        up(&nodes[i]);
    }
    struct epoll_event ready[BATCH];
    for (;;) {
        while (due_count && heap[0].at <= now()) {
            struct due one = pop();
            if (connections[one.fd].life == one.life) answer(one.fd);
        }
        if (due_count) {
            struct itimerspec at = {.it_value = {(time_t)(heap[0].at / 1000000000u), (long)(heap[0].at % 1000000000u)}};
            timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
        }
        int n = epoll_wait(poller, ready, BATCH, -1);
        for (int i = 0; i < n; i++) {
            int fd = ready[i].data.fd, listener = -1;
            uint64_t rung;
            if (fd == timer) {
                if (read(timer, &rung, sizeof rung) < 0) continue;
            } else if (fd == 0) {
                commands();
            } else {
                for (int at = 0; at < node_count; at++)
                    if (nodes[at].listener == fd) listener = at;
                if (listener >= 0) admit(listener);
                else if (connections[fd].node >= 0) hear(fd);
            }
        }
    }
}
