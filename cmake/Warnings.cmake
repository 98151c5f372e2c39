# SPDX-License-Identifier: MIT
#
# Flags for our own code only: warnings, and the sanitizers a preset asks for. Nothing here reaches a user of the
# installed library.

add_library(weir_warnings INTERFACE)
target_compile_options(
  weir_warnings
  INTERFACE -Wall
            -Wextra
            -Wpedantic
            -Wshadow
            -Wconversion
            $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
            $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
            $<$<BOOL:${WEIR_WARNINGS_AS_ERRORS}>:-Werror>)

add_library(weir_sanitizers INTERFACE)
if(WEIR_SANITIZERS)
  target_compile_options(
    weir_sanitizers INTERFACE -fsanitize=${WEIR_SANITIZERS} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(weir_sanitizers INTERFACE -fsanitize=${WEIR_SANITIZERS})
endif()
