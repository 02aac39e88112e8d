/* probe: is a TCP port open? usage: probe ADDRESS PORT... */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv) {
    for (int i = 2; i < argc; i++) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[i]))};
        inet_pton(AF_INET, argv[1], &to.sin_addr);
        int s = socket(AF_INET, SOCK_STREAM, 0);
        printf("%s %s\n", argv[i], connect(s, (void *)&to, sizeof to) ? "closed" : "open");
        close(s);
    }
    return 0;
}
