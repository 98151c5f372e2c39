/* SPDX-License-Identifier: MIT */
#include "win32/program_file.h"

#include <wchar.h>

#include "win32/environment.h"
#include "win32/os_process.h"

/* A stretch of a text. */
struct part {
  const wchar_t *text;
  size_t length;
};

static struct part whole(const wchar_t *text) { return (struct part){text, wcslen(text)}; }

/* Windows takes blanks and dots from the end of a name, and what is left may end otherwise. */
static bool is_batch_file(const wchar_t *file) {
  size_t length = wcslen(file);
  while (length > 0 && (file[length - 1] == L'.' || file[length - 1] == L' ')) length--;
  if (length < 4) return false;
  const wchar_t *end = file + length - 4;
  return CompareStringOrdinal(end, 4, L".bat", 4, TRUE) == CSTR_EQUAL ||
         CompareStringOrdinal(end, 4, L".cmd", 4, TRUE) == CSTR_EQUAL;
}

static bool has_extension(const wchar_t *file) {
  const wchar_t *name = file;
  for (const wchar_t *at = file; *at != 0; at++) {
    if (wcschr(L"/\\:", *at) != NULL) name = at + 1;
  }
  return wcschr(name, L'.') != NULL;
}

/* Joins three; false: too long. */
static bool join(wchar_t path[PROGRAM_FILE_UNITS], struct part directory, struct part file, const wchar_t *extension) {
  const wchar_t *between = L"";
  if (directory.length > 0 && wcschr(L"/\\:", directory.text[directory.length - 1]) == NULL) between = L"\\";
  if (directory.length + file.length + wcslen(extension) + 2 > PROGRAM_FILE_UNITS) return false;
  swprintf(path, PROGRAM_FILE_UNITS, L"%.*ls%ls%.*ls%ls", (int)directory.length, directory.text, between,
           (int)file.length, file.text, extension);
  return true;
}

/* As it is when it has an extension, or else with that of programs. */
static DWORD look_in(wchar_t path[PROGRAM_FILE_UNITS], struct part directory, const wchar_t *file) {
  const wchar_t *first = has_extension(file) ? L"" : L".exe";
  const wchar_t *second = has_extension(file) ? L".exe" : L"";
  if (join(path, directory, whole(file), first) && os_file_is_there(path)) return ERROR_SUCCESS;
  if (join(path, directory, whole(file), second) && os_file_is_there(path)) return ERROR_SUCCESS;
  return ERROR_FILE_NOT_FOUND;
}

/* The next directory of PATH, without its quotes; moves on behind it. */
static struct part next_directory(const wchar_t **at) {
  bool quoted = **at == L'"';
  if (quoted) ++*at;
  struct part directory = {*at, wcscspn(*at, quoted ? L"\"" : L";")};
  *at += directory.length;
  *at += wcscspn(*at, L";");
  if (**at == L';') ++*at;
  return directory;
}

static bool is_absolute(const wchar_t *file) {
  return wcschr(L"/\\", file[0]) != NULL || (file[0] != 0 && file[1] == L':');
}

static DWORD search(const wchar_t *file, const wchar_t *block, wchar_t path[PROGRAM_FILE_UNITS]) {
  const wchar_t *at = environment_find(block, L"PATH");
  while (at != NULL && *at != 0) {
    struct part directory = next_directory(&at);
    if (directory.length > 0 && look_in(path, directory, file) == ERROR_SUCCESS) return ERROR_SUCCESS;
  }
  return ERROR_FILE_NOT_FOUND;
}

DWORD program_file_find(const wchar_t *file, const wchar_t *directory, const wchar_t *block,
                        wchar_t path[PROGRAM_FILE_UNITS]) {
  if (is_batch_file(file)) return ERROR_BAD_EXE_FORMAT;
  if (wcspbrk(file, L"/\\:") == NULL) return search(file, block, path);
  bool joined = directory != NULL && !is_absolute(file);
  return look_in(path, joined ? whole(directory) : whole(L""), file);
}
