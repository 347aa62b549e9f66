// Bounds of the Corefile parser: no file, however odd, makes it run or grow without end.
#pragma once

#include <cstddef>

namespace nld::corefile {

constexpr std::size_t kMaxNesting = 64;            ///< blocks within blocks, the server block counted
constexpr std::size_t kMaxImportDepth = 32;        ///< imports within imports
constexpr std::size_t kMaxImports = 1000;          ///< in one parse: files and snippets, Caddy's own number
constexpr std::size_t kMaxTokens = 1'000'000;      ///< in one parse, imports counted as often as they stand
constexpr std::size_t kMaxFileSize = 16U << 20U;   ///< octets
constexpr std::size_t kMaxTotalText = 64U << 20U;  ///< octets read from files, and octets of all tokens
constexpr std::size_t kMaxExpandedToken = 64U << 10U;  ///< octets of a token after environment substitution
constexpr std::size_t kMaxSubstitutions = 100;         ///< environment references within one token

}  // namespace nld::corefile
