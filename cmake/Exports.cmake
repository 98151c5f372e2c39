# SPDX-License-Identifier: MIT
#
# The export list: the functions that the public headers mark with WEIR_API, and nothing else. It is read out of the
# headers, so that there is no second list to forget; tests/house/symbols_test.sh compares what was linked with it.

file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/weir/*.h")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${headers})

set(weir_exports "")
foreach(header IN LISTS headers)
  file(READ "${header}" text)
  string(REGEX MATCHALL "WEIR_API [^;(]*weir_[a-z0-9_]+\\(" declarations "${text}")
  foreach(declaration IN LISTS declarations)
    string(REGEX MATCH "(weir_[a-z0-9_]+)\\($" unused "${declaration}")
    list(APPEND weir_exports ${CMAKE_MATCH_1})
  endforeach()
endforeach()
list(SORT weir_exports)

set(export_list "${PROJECT_BINARY_DIR}/weir.exports")
if(APPLE)
  list(TRANSFORM weir_exports PREPEND "_" OUTPUT_VARIABLE lines)
  list(JOIN lines "\n" text)
  set(export_option "-Wl,-exported_symbols_list,${export_list}")
elseif(WIN32)
  list(JOIN weir_exports "\n" text)
  set(text "EXPORTS\n${text}")
  set(export_list "${PROJECT_BINARY_DIR}/weir.def")
  set(export_option "${export_list}")
else()
  list(JOIN weir_exports ";\n    " text)
  set(text "WEIR_${PROJECT_VERSION_MAJOR} {\n  global:\n    ${text};\n  local:\n    *;\n};")
  set(export_option "-Wl,--version-script=${export_list}")
endif()

file(CONFIGURE OUTPUT "${export_list}" CONTENT "${text}\n" @ONLY)
target_link_options(weir PRIVATE "${export_option}")
set_property(TARGET weir APPEND PROPERTY LINK_DEPENDS "${export_list}")

# One name on each line, for the test.
list(JOIN weir_exports "\n" text)
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/exported_functions.txt" CONTENT "${text}\n" @ONLY)
