// The `metadata` directive as data: for which names, and what `map` makes of a query.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dns/name.hpp"
#include "dns/types.hpp"
#include "go_template/template.hpp"
#include "pipeline/metadata.hpp"

namespace nld::plugins {

/// `map SOURCE LABELS... { INPUT VALUES... }`.
struct MetadataMap {
  std::string source;
  go_template::Template text;
  std::map<std::string, pipeline::Metadata, std::less<>> rows;  ///< by INPUT; labels begin with "metadata/"
  std::optional<pipeline::Metadata> otherwise;                  ///< `default VALUES...`
  std::optional<dns::Rcode> refusal;                            ///< `default RCODE`
};

struct MetadataConfig {
  std::vector<dns::Name> zones;  ///< lower-case, at least one
  std::shared_ptr<const MetadataMap> map;
};

}  // namespace nld::plugins
