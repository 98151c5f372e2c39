/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Which symbols the library shows, and the versions it was built as.
 *
 * This is the only public header with a conditional on the system: a DLL needs its symbols marked, a static library
 * must not have them marked. Programs that link the static library define `WEIR_STATIC`; the CMake package and the
 * pkg-config file do so for them.
 */
#ifndef WEIR_EXPORT_H
#define WEIR_EXPORT_H

/** Major version: changes when a program must be recompiled or changed. */
#define WEIR_VERSION_MAJOR 0
/** Minor version: changes when something was added. */
#define WEIR_VERSION_MINOR 1
/** Patch version: changes when something was repaired. */
#define WEIR_VERSION_PATCH 0

/** Marks a function that the library exports. */
#if defined(WEIR_STATIC)
#define WEIR_API
#elif defined(_WIN32)
#if defined(WEIR_BUILDING)
#define WEIR_API __declspec(dllexport)
#else
#define WEIR_API __declspec(dllimport)
#endif
#else
#define WEIR_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The version of the library that the program runs with, as "0.1.0".
 *
 * **Owns:** the library; the text lives for ever. **Thread:** any.
 */
WEIR_API const char *weir_version(void);

#ifdef __cplusplus
}
#endif

#endif
