// libcrypto's digests by their old interface. Its new one (EVP) sets up the whole library first: it reads
// openssl.cnf and registers every algorithm, which costs a process that never speaks TLS a millisecond and
// 200 KiB.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "runtime/sha2.hpp"

#include <openssl/sha.h>

namespace nld::runtime {

std::array<std::uint8_t, 32> sha256(std::string_view text) noexcept {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, text.data(), text.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

std::array<std::uint8_t, 64> sha512(std::string_view text) noexcept {
  std::array<std::uint8_t, SHA512_DIGEST_LENGTH> digest{};
  SHA512_CTX context;
  SHA512_Init(&context);
  SHA512_Update(&context, text.data(), text.size());
  SHA512_Final(digest.data(), &context);
  return digest;
}

}  // namespace nld::runtime
