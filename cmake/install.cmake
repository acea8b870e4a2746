# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install` puts where: headers, library, CMake package, pkg-config file. Nothing written here holds an
# absolute path, so the installed tree can be moved.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/charkha)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(DIRECTORY core/include/ scheduler/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.hpp")
install(TARGETS charkha EXPORT charkha-targets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT charkha-targets NAMESPACE charkha:: DESTINATION ${package_dir})

# A static library leaves it to its user to link what it is made of; a shared one has done so.
get_target_property(library_type charkha TYPE)
if(library_type STREQUAL "STATIC_LIBRARY")
  set(package_needs_tbb TRUE)
else()
  set(package_needs_tbb FALSE)
endif()
configure_package_config_file(cmake/charkha-config.cmake.in ${PROJECT_BINARY_DIR}/charkha-config.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a new minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/charkha-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/charkha-config.cmake ${PROJECT_BINARY_DIR}/charkha-config-version.cmake
  DESTINATION ${package_dir})

string(REGEX REPLACE "[^/]+" ".." prefix_from_pkgconfig ${pkgconfig_dir})
configure_file(cmake/charkha.pc.in ${PROJECT_BINARY_DIR}/charkha.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/charkha.pc DESTINATION ${pkgconfig_dir})
