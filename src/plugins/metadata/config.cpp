// metadata [ZONES...] { map SOURCE LABELS... { INPUT VALUES... } }: reading it.
#include "plugins/metadata/config.hpp"

#include "plugins/arguments.hpp"
#include "plugins/metadata/data.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

constexpr std::string_view kMap = "map";
constexpr std::string_view kDefault = "default";
constexpr std::string_view kPrefix = "metadata/";

std::vector<std::string> words_left(Arguments& arguments, std::string_view what) {
  std::vector<std::string> out;
  do {
    out.emplace_back(arguments.word(what));
  } while (arguments.more());
  return out;
}

Result read_row(const corefile::Directive& line, const std::vector<std::string>& labels, MetadataMap& map,
                SetupContext& context) {
  Arguments arguments(line, "metadata: map: " + line.name.text, context);
  if (Result done = expect_no_block(line, "metadata: map"); !done) return done;
  const bool is_default = line.name.text == kDefault;
  if (is_default && arguments.left() == 1) {
    if (const auto rcode = dns::parse_rcode(arguments.peek())) {
      arguments.word("RCODE");
      // NOERROR asks for nothing to be done, as without the line.
      if (rcode != dns::Rcode::NOERROR) map.refusal = rcode;
      return arguments.finish();
    }
  }
  const std::vector<std::string> values = words_left(arguments, "VALUE");
  if (!arguments.failed() && values.size() != labels.size()) {
    arguments.fail("there are " + std::to_string(values.size()) + " values, expected one for each of the " +
                   std::to_string(labels.size()) + " labels");
  }
  if (Result done = arguments.finish(); !done) return done;
  pipeline::Metadata row;
  for (std::size_t at = 0; at < labels.size(); ++at) row[std::string(kPrefix) + labels[at]] = values[at];
  if (is_default) {
    map.otherwise = std::move(row);
  } else {
    map.rows[line.name.text] = std::move(row);
  }
  return {};
}

Result read_map(const corefile::Directive& line, MetadataConfig& config, SetupContext& context) {
  MetadataMap map;
  Arguments arguments(line, "metadata: map", context);
  map.source = arguments.word("SOURCE");
  if (!arguments.failed()) {
    auto text = go_template::Template::parse(map.source, request_fields());
    if (text) {
      map.text = *std::move(text);
    } else {
      arguments.fail("SOURCE '" + map.source + "' is wrong at character " + std::to_string(text.error().at) +
                     ": " + text.error().message);
    }
  }
  const std::vector<std::string> labels = words_left(arguments, "LABEL");
  if (config.map) arguments.fail("given twice, expected once");
  if (Result done = arguments.finish(); !done) return done;
  for (const corefile::Directive& row : line.block) {
    if (Result done = read_row(row, labels, map, context); !done) return done;
  }
  if (map.rows.empty() && !map.otherwise) {
    arguments.fail("values are missing, expected lines such as 'INPUT VALUE' in a block");
    return arguments.finish();
  }
  config.map = std::make_shared<const MetadataMap>(std::move(map));
  return {};
}

}  // namespace

Result setup_metadata(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  MetadataConfig config;
  Arguments arguments(line, "metadata", context);
  config.zones = arguments.zones("ZONES");
  if (Result done = arguments.finish(); !done) return done;
  if (config.zones.empty()) {
    for (const ZoneKey& key : block.zones) config.zones.push_back(key.zone);
  }
  for (const corefile::Directive& option : line.block) {
    if (option.name.text != kMap) {
      return std::unexpected(unknown_option(line, option, std::span(&kMap, 1)));
    }
    if (Result done = read_map(option, config, context); !done) return done;
  }
  block.metadata = std::move(config);
  return {};
}

}  // namespace nld::plugins
