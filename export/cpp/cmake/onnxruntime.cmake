# onnxruntime::onnxruntime, from the folder ONNXRUNTIME_ROOT of a release, or else from its CMake package.
if(TARGET onnxruntime::onnxruntime)
  return()
endif()
if(ONNXRUNTIME_ROOT)
  find_path(onnxruntime_include onnxruntime_cxx_api.h PATHS ${ONNXRUNTIME_ROOT}
    PATH_SUFFIXES include include/onnxruntime NO_DEFAULT_PATH NO_CACHE REQUIRED)
  find_library(onnxruntime_library onnxruntime PATHS ${ONNXRUNTIME_ROOT}
    PATH_SUFFIXES lib lib64 NO_DEFAULT_PATH NO_CACHE REQUIRED)
  add_library(onnxruntime::onnxruntime UNKNOWN IMPORTED)
  set_target_properties(onnxruntime::onnxruntime PROPERTIES
    IMPORTED_LOCATION ${onnxruntime_library} INTERFACE_INCLUDE_DIRECTORIES ${onnxruntime_include})
else()
  find_package(onnxruntime CONFIG QUIET)
  if(NOT onnxruntime_FOUND)
    message(FATAL_ERROR "No onnxruntime found; give the folder of a release with -DONNXRUNTIME_ROOT=...")
  endif()
endif()
