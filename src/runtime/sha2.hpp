// SHA-256 and SHA-512 (FIPS 180-4) of short texts.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace nld::runtime {

std::array<std::uint8_t, 32> sha256(std::string_view text) noexcept;
std::array<std::uint8_t, 64> sha512(std::string_view text) noexcept;

}  // namespace nld::runtime
