/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Text encodings of sockets: what `data` carries, and how a text to write is turned into bytes.
 *
 * C strings of a program are always UTF-8. With an encoding set, a socket turns what it receives into UTF-8 text:
 * utf8, utf16le, latin1 and ascii are decoded, hex, base64 and base64url give the text of that notation. Characters
 * that arrive in pieces are kept until they are whole. Writing with an encoding is the reverse.
 */
#ifndef WEIR_ENCODING_H
#define WEIR_ENCODING_H

#include <weir/error.h>
#include <weir/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An encoding. */
typedef enum weir_encoding {
  WEIR_ENCODING_NONE = 0, /**< Bytes as they are. */
  WEIR_ENCODING_UTF8,     /**< UTF-8; invalid input becomes U+FFFD. */
  WEIR_ENCODING_UTF16LE,  /**< UTF-16, little-endian; an unpaired surrogate becomes U+FFFD, an odd last byte is dropped.
                           */
  WEIR_ENCODING_LATIN1,   /**< ISO 8859-1: one byte, one character. */
  WEIR_ENCODING_ASCII,    /**< Seven bits; the eighth is ignored when reading (as in Node). */
  WEIR_ENCODING_HEX,      /**< Two hexadecimal digits a byte. */
  WEIR_ENCODING_BASE64,   /**< Base64 with padding at the end. */
  WEIR_ENCODING_BASE64URL /**< Base64 for URLs and file names, without padding. */
} weir_encoding;

/**
 * Finds an encoding by its name, in any case: "utf8", "utf-8", "utf16le", "utf-16le", "ucs2", "ucs-2", "latin1",
 * "binary", "ascii", "hex", "base64", "base64url". NULL and "" are utf8, as in Node.
 *
 * **Errors:** `WEIR_EINVAL` for an unknown name. **Thread:** any.
 */
WEIR_API weir_code weir_encoding_find(const char *name, weir_encoding *encoding);

/** The name of an encoding, "none" for none. **Owns:** the library. **Thread:** any. */
WEIR_API const char *weir_encoding_name(weir_encoding encoding);

#ifdef __cplusplus
}
#endif

#endif
