// The `any` plugin: queries of type ANY get a HINFO record and go nowhere (RFC 8482 §4.2).
#pragma once

#include "pipeline/plugin.hpp"

namespace nld::plugins {

class AnyPlugin final : public pipeline::Plugin {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "any"; }
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& reply) override;
};

}  // namespace nld::plugins
