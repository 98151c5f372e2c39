# SPDX-License-Identifier: MIT
#
# The targets, and the three words with which each folder under src adds to them:
#
#   weir_sources(FILES)         files of every build of the library
#   weir_direct_sources(FILES)  files for which tests link a faulty double from tests/support instead
#   weir_link(LIBRARIES)        plain names of system libraries

add_library(weir SHARED)
add_library(weir_static STATIC)
add_library(Weir::weir ALIAS weir)
add_library(Weir::weir_static ALIAS weir_static)
set(weir_targets weir weir_static)

if(WEIR_BUILD_TESTS)
  add_library(weir_test STATIC)
  list(APPEND weir_targets weir_test)
  # The tests live on the asserts, in every build type.
  target_compile_options(weir_test PUBLIC -UNDEBUG)
  # Of this copy alone: a sample that another user runs could not write its counts.
  if(WEIR_COVERAGE)
    target_compile_options(weir_test PRIVATE --coverage -fprofile-update=atomic)
    target_link_options(weir_test INTERFACE --coverage)
  endif()
endif()

foreach(target IN LISTS weir_targets)
  set_target_properties(${target} PROPERTIES C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
  target_include_directories(
    ${target}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:weir_warnings> $<BUILD_INTERFACE:weir_sanitizers>)
  # System calls go straight through the table of addresses. And two pointers that are stored side by side do not go
  # through a vector register first, as the compilers like it: that takes twice the instructions.
  target_compile_options(${target} PRIVATE -fno-plt -fno-tree-slp-vectorize)
endforeach()

target_compile_definitions(weir PRIVATE WEIR_BUILDING)
target_compile_definitions(weir_static PUBLIC WEIR_STATIC)
set_target_properties(weir PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
set_target_properties(weir_static PROPERTIES OUTPUT_NAME weir)
if(WEIR_BUILD_TESTS)
  target_compile_definitions(weir_test PUBLIC WEIR_STATIC)
endif()
if(MINGW)
  # weir.dll, and no compiler's DLL beside it.
  set_target_properties(weir PROPERTIES PREFIX "")
  target_link_options(weir PRIVATE -static-libgcc)
endif()

if(APPLE)
  # Found by the rpath of the program, wherever the installed tree was moved to.
  set_target_properties(weir PROPERTIES INSTALL_NAME_DIR "@rpath" BUILD_WITH_INSTALL_NAME_DIR ON)
endif()

function(weir_sources)
  foreach(target IN LISTS weir_targets)
    target_sources(${target} PRIVATE ${ARGN})
  endforeach()
endfunction()

function(weir_direct_sources)
  target_sources(weir PRIVATE ${ARGN})
  target_sources(weir_static PRIVATE ${ARGN})
endfunction()

function(weir_link)
  foreach(target IN LISTS weir_targets)
    target_link_libraries(${target} PRIVATE ${ARGN})
  endforeach()
  # For the pkg-config file.
  set_property(GLOBAL APPEND PROPERTY weir_private_libraries ${ARGN})
endfunction()
