// The `minimal` plugin: positive answers go out without authority and additional sections. Denials and
// referrals are nothing without them, and stay whole.
#pragma once

#include "pipeline/plugin.hpp"

namespace nld::plugins {

/// The cut is made when the reply is written (server/render): what is stored stays whole, and an answer that
/// fits without the rest is not truncated.
class MinimalPlugin final : public pipeline::Plugin {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "minimal"; }
  [[nodiscard]] bool answer_only() const noexcept override { return true; }
};

}  // namespace nld::plugins
