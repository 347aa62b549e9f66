// Composing a response from edited records.
#include "dns/edit.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "unit/dns/raw_message.hpp"

namespace nld::dns::test {
namespace {

Name name_of(std::string_view text) {
  return *Name::from_text(text);
}

class Editor final : public RecordEditor {
 public:
  explicit Editor(std::function<Outcome(EditedRecord&)> edit) : edit_(std::move(edit)) {}
  Outcome edit(EditedRecord& record) override { return edit_(record); }

 private:
  std::function<Outcome(EditedRecord&)> edit_;
};

class ResponseEdit : public testing::Test {
 protected:
  ResponseEdit() {
    message_ = RawMessage(0, flag::QR | flag::AA, {1, 3, 1, 1}).question("a.b.", RRType::SRV);
    message_.pointer(kHeaderSize).fields(RRType::SRV, 60, RawMessage{}.u16(1).u16(2).u16(3).name("x.y."));
    message_.pointer(kHeaderSize).fields(RRType::RRSIG, 60, RawMessage{}.u32(7).name("a.b.").u8(9));
    message_.record("n.b.", RRType::NAPTR, 60,
                    RawMessage{}.u32(1).label("s").label("t").label("").name("x.y."));
    message_.record("b.", RRType::SOA, 90, soa(5));
    message_.record("x.y.", RRType::A, 0x80000000U, address(1));
  }
  bool compose(Editor& editor, std::size_t size = 512) {
    space_.resize(size);
    composer_.emplace(space_, flag::QR, name_of("longer.name.test").wire(), RRType::SRV, RRClass::IN);
    return composer_->add(message_.bytes(), kHeaderSize + 5 + 4, editor);
  }
  RawMessage message_;
  std::vector<std::uint8_t> space_;
  std::optional<ResponseComposer> composer_;
};

/// What an editor sees of each record, as one line.
std::string show(const EditedRecord& record) {
  return std::to_string(static_cast<int>(record.section)) + " " + record.owner.to_text() + " " +
         to_string(record.type) + " " + std::to_string(record.ttl) + " " +
         (record.value ? record.value->to_text() : "-") + "\n";
}

TEST_F(ResponseEdit, ShowsOwnerTtlAndValue) {
  std::string seen;
  Editor editor([&](EditedRecord& record) {
    seen += show(record);
    return RecordEditor::Outcome::keep;
  });
  ASSERT_TRUE(compose(editor));
  EXPECT_EQ(seen,
            "0 a.b. SRV 60 x.y.\n0 a.b. RRSIG 60 -\n0 n.b. NAPTR 60 x.y.\n1 b. SOA 90 ns.example.\n"
            "2 x.y. A 0 -\n");
}

TEST_F(ResponseEdit, WritesWhatWasChanged) {
  Editor change([](EditedRecord& record) {
    record.owner = name_of("longer.name.test");
    record.ttl = 7;
    if (record.value) record.value = name_of("other.name.test");
    return record.type == RRType::RRSIG ? RecordEditor::Outcome::drop : RecordEditor::Outcome::keep;
  });
  ASSERT_TRUE(compose(change));
  const std::vector<std::uint8_t> written(composer_->message().begin(), composer_->message().end());
  EXPECT_EQ(composer_->ttl_offsets().size(), 4U);
  for (const std::uint16_t offset : composer_->ttl_offsets()) EXPECT_EQ(get32(written, offset), 7U);
  EXPECT_TRUE(examine_response(written, name_of("longer.name.test").wire(), RRType::SRV, RRClass::IN));

  std::string seen;
  Editor look([&](EditedRecord& record) {
    seen += show(record);
    return RecordEditor::Outcome::keep;
  });
  ResponseComposer again(space_, 0, Name{}.wire(), RRType::A, RRClass::IN);
  ASSERT_TRUE(again.add(written, kHeaderSize + name_of("longer.name.test").size() + 4, look));
  EXPECT_EQ(seen,
            "0 longer.name.test. SRV 7 other.name.test.\n0 longer.name.test. NAPTR 7 other.name.test.\n"
            "1 longer.name.test. SOA 7 other.name.test.\n2 longer.name.test. A 7 -\n");
}

TEST_F(ResponseEdit, FailsWhenItDoesNotFitOrTheEditorDoes) {
  Editor keep([](EditedRecord&) { return RecordEditor::Outcome::keep; });
  EXPECT_FALSE(compose(keep, 80));
  Editor fail([](EditedRecord&) { return RecordEditor::Outcome::fail; });
  EXPECT_FALSE(compose(fail));
  message_.octets().pop_back();
  EXPECT_FALSE(compose(keep));
}

TEST(NameText, InAGivenSpaceIsTheSameText) {
  std::array<char, kMaxNameText> space;
  for (const char* text : {".", "a.", "a\\.b.\\000\\255\\(.test.", "WWW.Example.org."}) {
    EXPECT_EQ(to_text(name_of(text).wire(), space), text);
  }
  std::vector<std::uint8_t> longest;
  for (int label = 0; label < 127; ++label) longest.insert(longest.end(), {1, 0});
  longest.push_back(0);
  EXPECT_EQ(to_text(longest, space).size(), 127U * 5U);
}

}  // namespace
}  // namespace nld::dns::test
