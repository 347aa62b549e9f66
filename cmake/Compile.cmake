# Warnings are errors; everything of ours links this interface target.
add_library(nld_compile INTERFACE)
target_compile_options(nld_compile INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wcast-align -Wunused -Wnull-dereference -Wformat=2 -Werror
  -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees ghosts in inlined Boost and libstdc++ code (PR 105562, PR 105651).
  target_compile_options(nld_compile INTERFACE -Wno-null-dereference -Wno-restrict -Wno-maybe-uninitialized
    -Wno-mismatched-new-delete)
elseif(CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 19)
  # Members left out of a designated initialiser take their defaults: that is what it is for.
  target_compile_options(nld_compile INTERFACE -Wno-missing-designated-field-initializers)
endif()
# Line tables are enough for a backtrace; full debug information doubles the build's time. A section a function, so that
# the linker leaves out those that nobody calls (--gc-sections).
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG -ffunction-sections -fdata-sections")
if(NLD_SANITIZE)
  # Everything, not only our targets: a TSan binary with uninstrumented parts reports ghosts.
  add_compile_options(-fsanitize=${NLD_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${NLD_SANITIZE})
  if(NLD_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)
  endif()
endif()
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
