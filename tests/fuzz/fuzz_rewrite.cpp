// Editing the records of any response that is stored: the result is well-formed and says what the editor
// said.
#include <cstdlib>

#include "dns/edit.hpp"

namespace {

using namespace nld::dns;

void require(bool condition) {
  if (!condition) std::abort();
}

/// Puts a label in front of every name, or fails where there is no room.
std::optional<Name> below(const Name& name) {
  std::vector<std::uint8_t> wire{3, 'n', 'e', 'w'};
  wire.insert(wire.end(), name.wire().begin(), name.wire().end());
  if (wire.size() > kMaxNameSize) return std::nullopt;
  return Name::copy_of(wire);
}

class Editor final : public RecordEditor {
 public:
  explicit Editor(bool change) : change_(change) {}
  Outcome edit(EditedRecord& record) override {
    seen.push_back(record.owner);
    if (record.value) seen.push_back(*record.value);
    if (!change_) return Outcome::keep;
    const auto owner = below(record.owner);
    const auto value = record.value ? below(*record.value) : std::optional(Name{});
    if (!owner || !value) return Outcome::fail;
    record.owner = *owner;
    if (record.value) record.value = *value;
    wanted.push_back(*owner);
    if (record.value) wanted.push_back(*value);
    return Outcome::keep;
  }
  std::vector<Name> seen, wanted;

 private:
  bool change_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes message(data, size);
  if (size < kHeaderSize) return 0;
  const auto asked = read_name(message, kHeaderSize);
  if (!asked || size - asked->end < 4) return 0;
  const auto type = static_cast<RRType>(get16(message, asked->end));
  const auto cls = static_cast<RRClass>(get16(message, asked->end + 2));
  if (!examine_response(message, asked->name.wire(), type, cls)) return 0;
  const auto stored = make_storable(message, asked->name.wire(), type, cls);
  if (!stored) return 0;

  const auto question = below(asked->name);
  if (!question) return 0;
  std::vector<std::uint8_t> space(kMaxMessageSize);
  ResponseComposer composer(space, flag::QR, question->wire(), type, cls);
  Editor editor(true);
  if (!composer.add(stored->wire, kHeaderSize + asked->name.size() + 4, editor)) return 0;
  const std::vector<std::uint8_t> written(composer.message().begin(), composer.message().end());
  require(examine_response(written, question->wire(), type, cls).has_value());
  require(composer.ttl_offsets().size() == stored->ttl_offsets.size());

  Editor reader(false);
  ResponseComposer again(space, 0, Name{}.wire(), type, cls);
  require(again.add(written, kHeaderSize + question->size() + 4, reader));
  require(reader.seen == editor.wanted);
  return 0;
}
