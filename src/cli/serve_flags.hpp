// The flags of the DNS server itself, which `run` takes too and hands on.
#pragma once

#include <CLI/App.hpp>
#include <cstddef>
#include <string>
#include <vector>

namespace nld::cli {

struct ServeFlags {
  std::size_t workers = 0;  ///< 0: as many as there are processors
  std::size_t cache_memory = std::size_t{64} << 20U;
  std::string log_level = "info";
  bool loop_exit = false;
};

void add_serve_flags(CLI::App& command, ServeFlags& flags);
/// The same flags as words of a command line.
std::vector<std::string> to_arguments(const ServeFlags& flags);

}  // namespace nld::cli
