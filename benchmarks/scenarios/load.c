/* Requests to one port, and one line for each of them.
 *
 * Closed loop: so many connections, each asking again as soon as it was answered. Open loop (with a RATE): requests
 * come at random moments, whatever became of those before, on a waiting connection or a new one. A client has patience
 * for so long, then closes its connection.
 *
 * Prints `begun` when it begins, and at the end, a line for each request: when it was sent and how long it took, both in
 * microseconds, the status (0: the connection broke or was refused, -1: patience ended), the node as its answer named
 * it, and the reason that a refusal gave. What is under way at the end is not told of.
 *
 * Usage: load PORT CONNECTIONS SECONDS PATIENCE [RATE SEED]
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
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

enum { MAX_FD = 16384, BATCH = 256, HEAD = 16384, MOST = 4000000 };
enum state { NONE, WAITING, ASKED };

struct connection {
    enum state state;
    int length, need; /* need: bytes of the whole answer, once its head is known */
    int status;
    int close_after;
    char node;
    char reason[32];
    uint64_t since;
    char *text;
};

struct record {
    uint32_t at, took;
    int16_t status;
    char node;
    char reason[33];
};

static struct connection connections[MAX_FD];
static struct record *records;
static int waiting[MAX_FD], waiting_count, open_count, most, record_count;
static int poller, port;
static double rate;
static uint64_t began, patience, seed;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000u + (uint64_t)time.tv_nsec / 1000u;
}

static double chance(void) { /* xorshift64*, in (0, 1] */
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return ((double)((seed * 2685821657736338717u) >> 11) + 1) / 9007199254740992.0;
}

static void note(struct connection *one, int status) {
    if (record_count == MOST) return;
    struct record *record = &records[record_count++];
    *record = (struct record){(uint32_t)(one->since - began), (uint32_t)(now() - one->since), (int16_t)status,
                              one->node ? one->node : '-', "-"};
    if (one->reason[0]) memcpy(record->reason, one->reason, sizeof one->reason);
}

static void shut(int fd) {
    if (connections[fd].state == WAITING)
        for (int i = 0; i < waiting_count; i++)
            if (waiting[i] == fd) waiting[i--] = waiting[--waiting_count];
    connections[fd].state = NONE;
    open_count--;
    close(fd);
}

static void ask(void);

/* What follows an answer or a failure: in a closed loop the next request. */
static void over(int fd, int status) {
    struct connection *one = &connections[fd];
    note(one, status);
    if (status <= 0 || one->close_after) {
        shut(fd);
    } else {
        one->state = WAITING;
        waiting[waiting_count++] = fd;
    }
    if (rate == 0) ask();
}

static int opened(void) {
    if (open_count >= most) return -1;
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || fd >= MAX_FD) die("socket");
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event interest = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &interest) < 0) die("epoll_ctl");
    if (!connections[fd].text) connections[fd].text = malloc(HEAD);
    open_count++;
    return fd;
}

static void ask(void) {
    static const char request[] = "GET /scenario HTTP/1.1\r\nHost: scenario\r\n\r\n";
    int fd = waiting_count ? waiting[--waiting_count] : opened();
    if (fd < 0) { /* more clients than this one can play: must not happen unnoticed */
        fprintf(stderr, "load: more than %d requests under way\n", most);
        exit(1);
    }
    struct connection *one = &connections[fd];
    one->state = ASKED;
    one->length = one->need = one->status = one->close_after = 0;
    one->node = one->reason[0] = 0;
    one->since = now();
    /* A failure shows as the end of the connection, which is heard next. */
    (void)!send(fd, request, sizeof request - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static const char *field(const char *head, const char *name) {
    const char *at = strcasestr(head, name);
    return at ? at + strlen(name) : NULL;
}

static void read_head(struct connection *one) {
    one->text[one->length] = 0;
    char *end = strstr(one->text, "\r\n\r\n");
    if (!end) return;
    end[2] = 0;
    const char *length = field(one->text, "\r\ncontent-length: "), *node = field(one->text, "\r\nx-node: ");
    const char *reason = field(one->text, "\r\nx-evenly-reason: ");
    one->status = atoi(one->text + 9);
    one->need = (int)(end + 4 - one->text) + (length ? atoi(length) : 0);
    one->close_after = field(one->text, "\r\nconnection: close") != NULL;
    if (node) one->node = *node;
    if (reason) sscanf(reason, "%31[^\r]", one->reason);
    end[2] = '\r';
}

static void hear(int fd) {
    struct connection *one = &connections[fd];
    ssize_t length = recv(fd, one->text + one->length, (size_t)(HEAD - 1 - one->length), MSG_DONTWAIT);
    if (length < 0 && errno == EAGAIN) return;
    if (one->state != ASKED) { /* closed while it waited */
        shut(fd);
        return;
    }
    if (length <= 0) {
        over(fd, 0);
        return;
    }
    one->length += (int)length;
    if (!one->need) read_head(one);
    if (one->need && one->length >= one->need) over(fd, one->status);
}

static void lose_patience(void) {
    uint64_t limit = now() - patience;
    for (int fd = 0; fd < MAX_FD; fd++)
        if (connections[fd].state == ASKED && connections[fd].since < limit) over(fd, -1);
}

int main(int count, char **words) {
    if (count != 5 && count != 7) {
        fprintf(stderr, "usage: load PORT CONNECTIONS SECONDS PATIENCE [RATE SEED]\n");
        return 2;
    }
    port = atoi(words[1]);
    most = atoi(words[2]);
    patience = (uint64_t)(atof(words[4]) * 1e6);
    rate = count == 7 ? atof(words[5]) / 1e6 : 0;
    seed = count == 7 ? strtoull(words[6], NULL, 10) | 1 : 1;
    records = malloc(sizeof *records * MOST);
    poller = epoll_create1(0);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event interest = {.events = EPOLLIN, .data.fd = timer};
    epoll_ctl(poller, EPOLL_CTL_ADD, timer, &interest);
    puts("begun");
    fflush(stdout);
    began = now();
    uint64_t end = began + (uint64_t)(atof(words[3]) * 1e6), look = began;
    double next = (double)began;
    if (rate == 0)
        for (int i = 0; i < most; i++) ask();
    struct epoll_event ready[BATCH];
    for (uint64_t at; (at = now()) < end;) {
        if (at >= look) {
            lose_patience();
            look = at + 10000;
        }
        while (rate > 0 && next <= (double)at) {
            ask();
            next -= log(chance()) / rate;
        }
        uint64_t wake = rate > 0 && next < (double)look ? (uint64_t)next : look;
        struct itimerspec when = {.it_value = {(time_t)(wake / 1000000u), (long)(wake % 1000000u * 1000u) + 1}};
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
        int n = epoll_wait(poller, ready, BATCH, -1);
        for (int i = 0; i < n; i++) {
            uint64_t rung;
            if (ready[i].data.fd != timer) hear(ready[i].data.fd);
            else if (read(timer, &rung, sizeof rung) < 0) continue;
        }
    }
    for (int i = 0; i < record_count; i++)
        printf("%u %u %d %c %s\n", records[i].at, records[i].took, records[i].status, records[i].node, records[i].reason);
    return 0;
}
