# SPDX-License-Identifier: Apache-2.0
#
# One step of the package test, run as `cmake -D step=... -P consume.cmake`. Every step starts from an empty folder.
cmake_minimum_required(VERSION 3.25)

# must(WHAT COMMAND...): runs it, and says what went wrong in which step.
function(must what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${step}: ${what} failed (${result})\n${command}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

# The program says what it computed: exit code 0 alone could mean that it did nothing.
function(must_run program)
  must("running the consumer" ${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${libdir} ${program})
  if(NOT output MATCHES "consumer got 3")
    message(FATAL_ERROR "${step}: the consumer ran but did not say 'consumer got 3':\n${output}")
  endif()
endfunction()

function(must_build_with_cmake)
  must("configuring the consumer" ${CMAKE_COMMAND} -S ${source}/${step} -B ${work} -G ${generator}
    -D CMAKE_CXX_COMPILER=${compiler} -D CMAKE_BUILD_TYPE=Debug ${ARGN})
  must("building the consumer" ${CMAKE_COMMAND} --build ${work} --parallel 2)
  must_run(${work}/consumer)
endfunction()

file(REMOVE_RECURSE ${work})
file(MAKE_DIRECTORY ${work})

if(step STREQUAL "install")
  file(REMOVE_RECURSE ${prefix})
  if(config)  # empty when the build has no build type
    list(PREPEND config --config)
  endif()
  must("installing" ${CMAKE_COMMAND} --install ${charkha_build} --prefix ${prefix} ${config})
elseif(step STREQUAL "find_package")
  must_build_with_cmake(-D CMAKE_PREFIX_PATH=${prefix})
elseif(step STREQUAL "add_subdirectory")
  must_build_with_cmake(-D charkha_source=${charkha_source})
elseif(step STREQUAL "pkg_config")
  set(ENV{PKG_CONFIG_PATH} ${libdir}/pkgconfig)
  must("asking pkg-config" ${pkg_config} --static --cflags --libs charkha)
  separate_arguments(flags UNIX_COMMAND "${output}")
  must("compiling the consumer" ${compiler} -std=c++20 ${source}/main.cpp ${flags} -o ${work}/consumer)
  must_run(${work}/consumer)
else()
  message(FATAL_ERROR "no such step: '${step}'")
endif()
