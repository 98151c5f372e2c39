# SPDX-License-Identifier: MIT
#
# Programs for macOS compiled and linked on Linux: Debian's clang and lld with the headers and the libSystem stub that
# the zig compiler brings. They cannot be run here. WEIR_MACOS_ARCHITECTURE is arm64 or x86_64, WEIR_MACOS_LIBRARIES the
# folder `lib` of zig (ci/macos.sh puts one there).
set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES WEIR_MACOS_ARCHITECTURE WEIR_MACOS_LIBRARIES)
if(NOT WEIR_MACOS_ARCHITECTURE)
  set(WEIR_MACOS_ARCHITECTURE arm64)
endif()
set(CMAKE_SYSTEM_PROCESSOR ${WEIR_MACOS_ARCHITECTURE})
set(CMAKE_C_COMPILER clang-14)
set(CMAKE_C_COMPILER_TARGET ${WEIR_MACOS_ARCHITECTURE}-apple-macos)
set(CMAKE_AR llvm-ar-14 CACHE FILEPATH "")
set(CMAKE_RANLIB llvm-ranlib-14 CACHE FILEPATH "")
set(CMAKE_INSTALL_NAME_TOOL llvm-install-name-tool-14 CACHE FILEPATH "")
set(CMAKE_OSX_SYSROOT "")
set(CMAKE_OSX_DEPLOYMENT_TARGET 11.0)
set(CMAKE_C_FLAGS_INIT "-nostdlibinc -isystem ${WEIR_MACOS_LIBRARIES}/libc/include/any-macos-any")
# Without a linker version clang does not say -platform_version, which lld wants.
set(link_flags "-Wno-unused-command-line-argument -mlinker-version=520 --ld-path=/usr/bin/ld64.lld-14 -nostdlib")
set(CMAKE_EXE_LINKER_FLAGS_INIT "${link_flags}")
set(CMAKE_SHARED_LINKER_FLAGS_INIT "${link_flags}")
set(CMAKE_C_STANDARD_LIBRARIES "${WEIR_MACOS_LIBRARIES}/libc/darwin/libSystem.tbd")
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
