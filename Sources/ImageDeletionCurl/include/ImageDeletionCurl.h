#pragma once

#include <stddef.h>

// libcurl without its headers: the library is opened while the program runs, so that a build needs no development
// package. The functions keep libcurl's names. Swift cannot call variadic functions, so those have one name for each type.

#pragma clang assume_nonnull begin

typedef void ImageDeletionEasy;
typedef void ImageDeletionMulti;
typedef size_t (*ImageDeletionReceive)(const char *data, size_t size, size_t count, void *context);
typedef int (*ImageDeletionBeforeSending)(void *context, char *address, char *localAddress, int port, int localPort);

typedef struct {
    /// The version, like 0x074400 for 7.68.0.
    unsigned int version;
    int (*_Nonnull global_init)(long flags);
    ImageDeletionEasy *_Nullable (*_Nonnull easy_init)(void);
    void (*_Nonnull easy_cleanup)(ImageDeletionEasy *easy);
    const char *_Nonnull (*_Nonnull easy_strerror)(int code);
    void *_Nullable (*_Nonnull slist_append)(void *_Nullable list, const char *text);
    void (*_Nonnull slist_free_all)(void *_Nullable list);
    ImageDeletionMulti *_Nullable (*_Nonnull multi_init)(void);
    void (*_Nonnull multi_cleanup)(ImageDeletionMulti *multi);
    int (*_Nonnull multi_add_handle)(ImageDeletionMulti *multi, ImageDeletionEasy *easy);
    int (*_Nonnull multi_remove_handle)(ImageDeletionMulti *multi, ImageDeletionEasy *easy);
    int (*_Nonnull multi_perform)(ImageDeletionMulti *multi, int *running);
    int (*_Nonnull multi_poll)(ImageDeletionMulti *multi, void *_Nullable extra, unsigned int count, int milliseconds,
                      int *_Nullable ready);
    int (*_Nonnull multi_wakeup)(ImageDeletionMulti *multi);
} ImageDeletionLibcurl;

/// Opens libcurl, once for the process. Returns null if it cannot be used, and sets `reason` to a text that stays valid.
const ImageDeletionLibcurl *_Nullable ImageDeletionLoad(const char *_Nullable *_Nonnull reason);

void ImageDeletionSetNumber(ImageDeletionEasy *easy, int option, long value);
void ImageDeletionSetPointer(ImageDeletionEasy *easy, int option, const void *_Nullable value);
void ImageDeletionSetReceive(ImageDeletionEasy *easy, int option, ImageDeletionReceive value);
void ImageDeletionSetBeforeSending(ImageDeletionEasy *easy, int option, ImageDeletionBeforeSending value);
void ImageDeletionSetMultiNumber(ImageDeletionMulti *multi, int option, long value);
long ImageDeletionStatus(ImageDeletionEasy *easy);

/// Returns the next finished transfer and its result, or null.
ImageDeletionEasy *_Nullable ImageDeletionNextFinished(ImageDeletionMulti *multi, int *result);

/// Runs `body` on a thread of its own, on which a closed connection raises no signal. Returns 0, or an error number.
int ImageDeletionStartThread(void *_Nullable (*_Nonnull body)(void *_Nullable context), void *context);

#pragma clang assume_nonnull end
