// A Corefile that comes through a pipe: `kubectl get configmap … | node-local-dns check -`.
#pragma once

#include <chrono>
#include <filesystem>

#include "corefile/syntax.hpp"

namespace nld::cli {

/// For one writer, however slow, from its first octet to its last.
constexpr std::chrono::seconds kPipePatience{30};

/// Whether reading `path` means reading a stream: standard input, a pipe, a terminal, a socket.
bool is_piped(const std::filesystem::path& path);

/// `surroundings` that also read `path`, which is_piped: once, at the first asking, and the same text every
/// time after. Bounded by corefile::kMaxFileSize and by `patience`. Everything else is read as before.
corefile::Surroundings with_piped_file(corefile::Surroundings surroundings, const std::filesystem::path& path,
                                       std::chrono::milliseconds patience = kPipePatience);

}  // namespace nld::cli
