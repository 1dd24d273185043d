#include "ImageDeletionCurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#if __APPLE__
#define LIBRARY "/usr/lib/libcurl.4.dylib"
#else
#define LIBRARY "libcurl.so.4"
#endif

static int (*easy_setopt)(void *, int, ...);
static int (*easy_getinfo)(void *, int, ...);
static int (*multi_setopt)(void *, int, ...);

// The beginnings of libcurl's own structures, the same in every version.
typedef struct {
    int message;
    void *easy;
    union {
        void *pointer;
        int result;
    } data;
} Message;
typedef struct {
    int age;
    const char *version;
    unsigned int number;
} Version;
static Message *(*multi_info_read)(void *, int *);

const ImageDeletionLibcurl *ImageDeletionLoad(const char **reason) {
    static ImageDeletionLibcurl found;
    void *handle = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);
    if (!handle) {
        *reason = strdup(dlerror());
        return NULL;
    }
    Version *(*version_info)(int) = NULL;
    const struct {
        const char *name;
        void *place;
    } functions[] = {
        {"curl_version_info", &version_info},
        {"curl_global_init", &found.global_init},
        {"curl_easy_init", &found.easy_init},
        {"curl_easy_cleanup", &found.easy_cleanup},
        {"curl_easy_strerror", &found.easy_strerror},
        {"curl_easy_setopt", &easy_setopt},
        {"curl_easy_getinfo", &easy_getinfo},
        {"curl_slist_append", &found.slist_append},
        {"curl_slist_free_all", &found.slist_free_all},
        {"curl_multi_init", &found.multi_init},
        {"curl_multi_cleanup", &found.multi_cleanup},
        {"curl_multi_setopt", &multi_setopt},
        {"curl_multi_add_handle", &found.multi_add_handle},
        {"curl_multi_remove_handle", &found.multi_remove_handle},
        {"curl_multi_perform", &found.multi_perform},
        {"curl_multi_info_read", &multi_info_read},
        {"curl_multi_poll", &found.multi_poll},
        {"curl_multi_wakeup", &found.multi_wakeup},
    };
    for (size_t index = 0; index < sizeof functions / sizeof *functions; index += 1) {
        void *function = dlsym(handle, functions[index].name);
        if (!function) {
            *reason = "it is older than 7.68";
            return NULL;
        }
        memcpy(functions[index].place, &function, sizeof function);
    }
    const long everything = 3;
    if (found.global_init(everything) != 0) {
        *reason = "it cannot be initialized";
        return NULL;
    }
    found.version = version_info(0)->number;
    return &found;
}

void ImageDeletionSetNumber(void *easy, int option, long value) { easy_setopt(easy, option, value); }

void ImageDeletionSetPointer(void *easy, int option, const void *value) { easy_setopt(easy, option, value); }

void ImageDeletionSetReceive(void *easy, int option, ImageDeletionReceive value) { easy_setopt(easy, option, value); }

void ImageDeletionSetBeforeSending(void *easy, int option, ImageDeletionBeforeSending value) {
    easy_setopt(easy, option, value);
}

void ImageDeletionSetMultiNumber(void *multi, int option, long value) { multi_setopt(multi, option, value); }

long ImageDeletionStatus(void *easy) {
    long status = 0;
    easy_getinfo(easy, 0x200002, &status);
    return status;
}

void *ImageDeletionNextFinished(void *multi, int *result) {
    int left = 0;
    Message *message = multi_info_read(multi, &left);
    // libcurl has no other message than "done".
    if (!message) return NULL;
    *result = message->data.result;
    return message->easy;
}

int ImageDeletionStartThread(void *(*body)(void *), void *context) {
    // A thread inherits the mask of the one that starts it, so that there is no moment in which the signal can come.
    sigset_t pipe, before;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    pthread_t thread;
    int failure = pthread_create(&thread, NULL, body, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure == 0) pthread_detach(thread);
    return failure;
}
