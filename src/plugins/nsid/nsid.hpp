// The `nsid` plugin: tells clients that ask which server answered them (RFC 5001).
#pragma once

#include <string>

#include "pipeline/plugin.hpp"

namespace nld::plugins {

/// The option itself is written with the reply's OPT (server/render).
class NsidPlugin final : public pipeline::Plugin {
 public:
  explicit NsidPlugin(std::string id) : id_(std::move(id)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "nsid"; }
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& /*reply*/) override {
    request.server_id = {reinterpret_cast<const std::uint8_t*>(id_.data()), id_.size()};
    return pipeline::Verdict::pass;
  }

 private:
  std::string id_;
};

}  // namespace nld::plugins
