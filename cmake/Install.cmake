# SPDX-License-Identifier: MIT
#
# What `cmake --install` lays down: the headers, both libraries, a CMake package and a pkg-config file. Both files find
# the rest relative to themselves, so the installed tree may be moved.

include(CMakePackageConfigHelpers)

set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/Weir")
install(DIRECTORY include/weir TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
install(TARGETS weir weir_static EXPORT WeirTargets)
install(EXPORT WeirTargets NAMESPACE Weir:: DESTINATION "${package_folder}")

configure_package_config_file(cmake/WeirConfig.cmake.in WeirConfig.cmake INSTALL_DESTINATION "${package_folder}")
# Below 1.0 a minor version may break programs.
write_basic_package_version_file(WeirConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/WeirConfig.cmake" "${PROJECT_BINARY_DIR}/WeirConfigVersion.cmake"
        DESTINATION "${package_folder}")

get_property(private_libraries GLOBAL PROPERTY weir_private_libraries)
list(TRANSFORM private_libraries PREPEND "-l")
list(JOIN private_libraries " " private_libraries)
file(RELATIVE_PATH prefix_from_pkgconfig "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" prefix_from_pkgconfig "${prefix_from_pkgconfig}")
configure_file(cmake/weir.pc.in weir.pc @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/weir.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
