// Names: text and wire forms lead to each other, and all readers of compressed names agree.
#include <algorithm>
#include <cstdlib>

#include "dns/name.hpp"

namespace {

using namespace nld::dns;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_value(const Name& name) {
  const auto from_text = Name::from_text(name.to_text());
  require(from_text && std::ranges::equal(from_text->wire(), name.wire()));
  const auto from_wire = Name::from_wire(name.wire());
  require(from_wire && std::ranges::equal(from_wire->wire(), name.wire()));
  const Name lowered = name.lowered();
  require(lowered == name && hash_value(lowered) == hash_value(name));
  require((lowered <=> name) == 0 && name.is_at_or_below(lowered) && name.is_at_or_below(Name{}));
  if (!name.is_root()) {
    const Name parent = Name::copy_of(name.wire().subspan(name.wire()[0] + 1U));
    require(name.is_at_or_below(parent) && !parent.is_at_or_below(name) && parent < name);
    require(parent.label_count() + 1 == name.label_count());
  }
}

void check_compressed(Bytes message, std::size_t offset) {
  const auto read = read_name(message, offset);
  const auto skipped = skip_name(message, offset);
  require(read.has_value() == skipped.has_value());
  if (!read) {
    require(read.error() == skipped.error());
    return;
  }
  require(read->end == *skipped && read->end <= message.size());
  require(name_at_equals(message, offset, read->name.wire()));
  check_value(read->name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto name = Name::from_text({reinterpret_cast<const char*>(data), size})) check_value(*name);
  const Bytes octets(data, size);
  if (const auto name = Name::from_wire(octets)) check_value(*name);
  // The first octet says where in the rest a compressed name is looked for.
  if (size > 0) check_compressed(octets.subspan(1), data[0]);
  return 0;
}
