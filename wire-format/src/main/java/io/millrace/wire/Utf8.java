package io.millrace.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Header names: written and checked without an object for each, as nearly all are ASCII. */
final class Utf8 {
  private Utf8() {}

  static boolean isWellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (Character.isLowSurrogate(c)
            || i + 1 == text.length()
            || !Character.isLowSurrogate(text.charAt(++i))) {
          return false;
        }
      }
    }
    return true;
  }

  /** Of well-formed text. */
  static int sizeOf(String text) {
    int size = text.length();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      // A surrogate pair: four bytes for two chars.
      size += c < 0x80 ? 0 : c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
    }
    return size;
  }

  /** Writes well-formed text of that size; returns the position behind it. */
  static int put(ByteBuffer buffer, int position, String text, int sizeBytes) {
    if (sizeBytes == text.length()) {
      for (int i = 0; i < sizeBytes; i++) {
        buffer.put(position + i, (byte) text.charAt(i));
      }
    } else {
      buffer.put(position, text.getBytes(StandardCharsets.UTF_8));
    }
    return position + sizeBytes;
  }

  /** Whether a range is what protobuf accepts as a string: no surrogates, no longer forms. */
  static boolean isValid(ByteBuffer buffer, int start, int end) {
    int at = start;
    while (at < end) {
      int first = buffer.get(at++);
      if (first >= 0) {
        continue;
      }
      int more = (byte) first < (byte) 0xE0 ? 1 : (byte) first < (byte) 0xF0 ? 2 : 3;
      if (first < (byte) 0xC2 || first > (byte) 0xF4 || end - at < more) {
        return false;
      }
      int second = buffer.get(at);
      // The second byte tells longer forms, surrogates and what is beyond Unicode.
      int lowest = first == (byte) 0xE0 ? 0xA0 : first == (byte) 0xF0 ? 0x90 : 0x80;
      int highest = first == (byte) 0xED ? 0x9F : first == (byte) 0xF4 ? 0x8F : 0xBF;
      if (second < (byte) lowest || second > (byte) highest) {
        return false;
      }
      for (int i = 1; i < more; i++) {
        if (buffer.get(at + i) > (byte) 0xBF) {
          return false;
        }
      }
      at += more;
    }
    return true;
  }
}
