// Reading a record and writing it elsewhere.
#include "dns/copy_record.hpp"

#include "dns/rdata.hpp"

namespace nld::dns {

bool copy_record(MessageBuilder& builder, Bytes message, const RecordView& record, std::uint32_t ttl,
                 std::vector<std::uint8_t>& scratch) {
  const auto owner = read_name(message, record.name_offset);
  if (!owner || !expand_rdata(message, record, scratch)) return false;
  const NameView name = owner->name.wire();
  return is_single_name(record.type)
             ? builder.add_name_record(record.section, name, record.type, record.cls, ttl, scratch)
             : builder.add_record(record.section, name, record.type, record.cls, ttl, scratch);
}

}  // namespace nld::dns
