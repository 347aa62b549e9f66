// The `metadata` plugin: lets others see what plugins publish about a query.
#pragma once

#include <string>
#include <string_view>

#include "pipeline/plugin.hpp"
#include "plugins/metadata/config.hpp"

namespace nld::plugins {

/// First of its chain. Without `map` it only marks the query; `map` evaluates its template for each one,
/// which allocates.
class MetadataPlugin final : public pipeline::Plugin {
 public:
  explicit MetadataPlugin(MetadataConfig config) : config_(std::move(config)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "metadata"; }
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& reply) override;

 private:
  MetadataConfig config_;
  pipeline::Metadata nothing_;
};

/// What is known of a query before it is answered; null: the label has no value.
const std::string* published(std::string_view label, const pipeline::Request& request) noexcept;
/// The same, and what was published on the way to the reply ("forward/upstream").
std::optional<std::string> published(std::string_view label, const pipeline::Request& request,
                                     const pipeline::Reply& reply);

}  // namespace nld::plugins
