# SPDX-License-Identifier: MIT
#
# The bench over named pipes, for Windows: Weir's echo server, one written by hand on a completion port, libuv's, and the
# load generator. `run_windows` races them under Wine.

set(WEIR_LIBUV_PREFIX "" CACHE PATH "Where bench/windows_peers.sh put libuv; without it there is no peer to race")

add_library(bench_support STATIC arguments.c completion_port.c process_windows.c)
target_link_libraries(bench_support PUBLIC weir_warnings)

add_executable(weir_echo weir_echo.c)
target_link_libraries(weir_echo PRIVATE Weir::weir_static)
add_executable(port_echo port_echo.c)
add_executable(pipe_load pipe_load.c load_options.c pattern.c)
add_executable(pipe_liar pipe_liar.c)
set(programs weir_echo port_echo pipe_load pipe_liar)

if(WEIR_LIBUV_PREFIX)
  add_executable(uv_pipe_echo peers/uv_pipe_echo.c)
  target_include_directories(uv_pipe_echo SYSTEM PRIVATE "${WEIR_LIBUV_PREFIX}/include")
  target_include_directories(uv_pipe_echo PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(uv_pipe_echo PRIVATE "${WEIR_LIBUV_PREFIX}/lib/libuv.a" psapi user32 advapi32 iphlpapi userenv
                                             ws2_32)
  list(APPEND programs uv_pipe_echo)
else()
  message(STATUS "uv_pipe_echo is left out: WEIR_LIBUV_PREFIX is not set")
endif()

foreach(target IN LISTS programs)
  target_link_libraries(${target} PRIVATE bench_support)
endforeach()

if(WEIR_BUILD_TESTS AND CMAKE_CROSSCOMPILING)
  bench_smoke_test(run_windows)
endif()
