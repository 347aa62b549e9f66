// The `bufsize` plugin: a limit for answers over UDP, so that none is sent in fragments.
#pragma once

#include <algorithm>

#include "pipeline/plugin.hpp"

namespace nld::plugins {

class BufsizePlugin final : public pipeline::Plugin {
 public:
  explicit BufsizePlugin(std::uint16_t limit) noexcept : limit_(limit) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "bufsize"; }
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& /*reply*/) override {
    request.udp_limit = std::min(request.udp_limit, limit_);
    return pipeline::Verdict::pass;
  }

 private:
  std::uint16_t limit_;
};

}  // namespace nld::plugins
