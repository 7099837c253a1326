// Exact bits of every variant of the word, and of headers.

import Testing

@testable import StrataMemory

@Suite struct WordTests {
  @Test func directNaturalsAreStoredAsThemselves() {
    for value: UInt64 in [0, 1, 255, 1 << 31, 1 << 32, 1 << 47, 1 << 48, 1 << 62, (1 << 63) - 1] {
      let word = Word(direct: value)
      #expect(word.raw == value)
      #expect(word.isDirect && word.isNatural)
      #expect(!word.isReference && !word.isIndirect && !word.isCell && !word.isComposite && !word.isTransient)
      #expect(!word.isPersistent)
    }
    #expect(Word.largestDirect == 0x7FFF_FFFF_FFFF_FFFF)
  }

  @Test func theFirstValueBeyondDirectIsATag() {
    #expect(Word(raw: 1 << 63).isReference)
    #expect(Word(raw: 1 << 63).isIndirect)
  }

  @Test(arguments: [
    (Word.Tag.natural, 0x8000_0000_0000_0000 as UInt64),
    (.cell, 0xC000_0000_0000_0000),
    (.pin, 0xC100_0000_0000_0000),
    (.law, 0xC200_0000_0000_0000),
    (.closure, 0xC300_0000_0000_0000),
    (.vector, 0xC400_0000_0000_0000),
    (.thunk, 0xE100_0000_0000_0000),
  ])
  func referencesHaveTheDocumentedBits(tag: Word.Tag, bits: UInt64) {
    let largest = (1 << 48) - 1
    for offset in [0, 1, 4096, 1 << 32, largest] {
      let word = Word(tag: tag, offset: offset)
      #expect(word.raw == bits | UInt64(offset))
      #expect(word.offset == offset && word.tag == tag && !word.isPersistent && word.isReference)
      let persistent = word.persistent
      #expect(persistent.raw == bits | 1 << 60 | UInt64(offset))
      #expect(persistent.offset == offset && persistent.tag == tag && persistent.isPersistent)
      #expect(persistent.isCell == word.isCell && persistent.isNatural == word.isNatural)
      let marked = persistent.with(metadata: 0xA5)
      #expect(marked.raw == bits | 1 << 60 | 0xA5 << 48 | UInt64(offset))
      #expect(marked.metadata == 0xA5 && marked.tag == tag && marked.offset == offset)
      #expect(marked.isCell == word.isCell)
      #expect(marked.moved(to: 77).raw == bits | 1 << 60 | 0xA5 << 48 | 77)
    }
  }

  @Test func theHighBitsAloneTellTheType() {
    let natural = Word(tag: .natural, offset: 5)
    #expect(natural.isNatural && natural.isIndirect && !natural.isCell && !natural.isComposite && !natural.isTransient)
    let cell = Word(tag: .cell, offset: 5)
    #expect(cell.isCell && cell.isComposite && !cell.isNatural && !cell.isIndirect && !cell.isTransient)
    for tag in [Word.Tag.pin, .law, .closure, .vector] {
      let word = Word(tag: tag, offset: 5)
      #expect(!word.isCell && word.isComposite && !word.isNatural && !word.isTransient)
    }
    let thunk = Word(tag: .thunk, offset: 5)
    #expect(thunk.isTransient && !thunk.isComposite && !thunk.isNatural && !thunk.isCell)
  }

  @Test func headersHaveTheDocumentedBits() {
    #expect(Header.cell.raw == 3 << 60 | 2 << 33)
    for kind in [Kind.natural, .opaque, .filler, .cell, .pin, .law, .closure, .thunk, .vector] {
      for size in [0, 1, 2, Header.largestSize] {
        let header = Header(kind: kind, size: size)
        #expect(header.raw == UInt64(kind.rawValue) << 60 | UInt64(size) << 33)
        #expect(header.kind == kind && header.size == size && header.mug == 0 && !header.isForwarding)
        #expect(header.isScanned == (kind.rawValue >= 3))
        let hashed = header.with(mug: 0x7FFF_FFFF)
        #expect(hashed.mug == 0x7FFF_FFFF && hashed.size == size && hashed.kind == kind)
      }
    }
    let forwarding = Header.forwarding(to: (1 << 48) - 1)
    #expect(forwarding.isForwarding && forwarding.forwardingOffset == (1 << 48) - 1)
    #expect(forwarding.raw >> 61 == 0b111)
  }
}
