// A small answer that a plugin makes by itself, in front of the cache.
#pragma once

#include <array>

#include "dns/builder.hpp"
#include "pipeline/request.hpp"

namespace nld::plugins {

class OwnAnswer {
 public:
  explicit OwnAnswer(const dns::Query& query) noexcept : builder_(buffer_) {
    builder_.add_question(query.name, query.type, query.cls);
  }
  OwnAnswer(const OwnAnswer&) = delete;
  OwnAnswer& operator=(const OwnAnswer&) = delete;

  [[nodiscard]] dns::MessageBuilder& builder() noexcept { return builder_; }

  /// `by`: a static string.
  void give(dns::Rcode rcode, const pipeline::Request& request, pipeline::Reply& reply, std::string_view by);

 private:
  std::array<std::uint8_t, 4096> buffer_{};
  dns::MessageBuilder builder_;
};

}  // namespace nld::plugins
