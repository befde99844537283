package io.millrace.wire;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Walks the outermost fields of a {@code Request} or {@code Response} up to its payload, without
 * parsing and without allocating, and refuses what protobuf's parsers let pass: fields behind the
 * payload, two apis in one message, a field that comes twice, varints longer than they need to be,
 * groups.
 *
 * <pre>
 *  | 1 correlation id | 2 timeout, or error | 3..9 later head fields | 10..999 the api | 1000 payload |
 *  |<------------- head, at most maxHeadSize; parsed by protobuf ------------------->|  sliced      |
 * </pre>
 *
 * <p>Head fields may come in any order; the payload is the last one. Numbers from 10 to 999 are
 * apis: one that this side does not know is told by its number, so that it can be answered. Unknown
 * fields below 10 are from a newer sender and are left out.
 *
 * <p>Inside the api message the fields are counted but not looked at: a list of a million elements
 * is refused before an object exists for any of them.
 *
 * <p>One object is used again and again by one thread; the results stand until the next scan.
 */
public final class MessageScan {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private static final int CORRELATION_ID = 1;
  private static final int SECOND_FIELD = 2;
  private static final int FIRST_API = 10;

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int FIXED32 = 5;

  /** Outermost fields of a message; far more than there are. */
  private static final int MAX_HEAD_FIELDS = 64;

  private static final Apis OF_REQUESTS = Apis.of(Request.getDescriptor());
  private static final Apis OF_RESPONSES = Apis.of(Response.getDescriptor());

  private final int secondFieldType;
  private final Apis apis;
  private final int maxHeadSize;
  private final int maxApiFields;

  // Where the scan stands.
  private ByteBuffer bytes = NOTHING;
  private int at;
  private int end;
  private Verdict verdict = Verdict.VALID;

  // What it found.
  private long correlationId;
  private boolean hasCorrelationId;
  private boolean hasSecondField;
  private int api;
  private int headSize;
  private int payloadPosition;
  private int payloadSize;

  /** How a scan ended; all but {@link #VALID} mean that the message must not be used. */
  public enum Verdict {
    VALID("valid"),
    TRUNCATED("a field reaches past the end of the message"),
    BAD_VARINT("a number is encoded in more bytes than it needs"),
    BAD_TAG("a field number or wire type that does not exist"),
    GROUP("a group, which no message here has"),
    WRONG_TYPE("a known field of another wire type"),
    REPEATED_FIELD("a field that may come once came twice"),
    TWO_APIS("more than one api in one message"),
    UNKNOWN_API("an api that is not known here"),
    AFTER_PAYLOAD("something behind the payload, which comes last"),
    HEAD_TOO_LARGE("the part before the payload is over its limit"),
    TOO_MANY_FIELDS("more fields than a message may have");

    private final String text;

    Verdict(String text) {
      this.text = text;
    }

    /** What is wrong, for people. */
    public String text() {
      return text;
    }
  }

  /**
   * @param known by field number
   * @param text names and numbers
   */
  private record Apis(BitSet known, String text) {
    static Apis of(Descriptor message) {
      BitSet known = new BitSet(FrameHead.PAYLOAD_FIELD);
      List<String> names = new ArrayList<>();
      for (FieldDescriptor field : message.getFields()) {
        if (field.getNumber() >= FIRST_API && field.getNumber() < FrameHead.PAYLOAD_FIELD) {
          known.set(field.getNumber());
          names.add(field.getName() + " (" + field.getNumber() + ")");
        }
      }
      return new Apis(known, String.join(", ", names));
    }
  }

  private MessageScan(Apis apis, int secondFieldType, int maxHeadSize, int maxApiFields) {
    this.apis = apis;
    this.secondFieldType = secondFieldType;
    this.maxHeadSize = maxHeadSize;
    this.maxApiFields = maxApiFields;
  }

  /**
   * @param maxHeadSize bytes before the payload
   * @param maxApiFields fields directly inside the api's message, which is where its lists are
   */
  public static MessageScan ofRequests(int maxHeadSize, int maxApiFields) {
    return new MessageScan(OF_REQUESTS, VARINT, maxHeadSize, maxApiFields);
  }

  /** As {@link #ofRequests}. */
  public static MessageScan ofResponses(int maxHeadSize, int maxApiFields) {
    return new MessageScan(OF_RESPONSES, LENGTH_DELIMITED, maxHeadSize, maxApiFields);
  }

  /** Looks at the bytes between position and limit, and changes neither. */
  public Verdict scan(ByteBuffer message) {
    bytes = message;
    at = message.position();
    end = message.limit();
    verdict = Verdict.VALID;
    correlationId = 0;
    hasCorrelationId = false;
    hasSecondField = false;
    api = 0;
    headSize = 0;
    payloadPosition = end;
    payloadSize = 0;
    scanFields();
    bytes = NOTHING;
    return verdict;
  }

  private void scanFields() {
    int start = at;
    for (int count = 0; at < end; count++) {
      int tagAt = at;
      int tag = tag();
      if (verdict != Verdict.VALID) {
        return;
      }
      if (tag == FrameHead.PAYLOAD_TAG) {
        headSize = tagAt - start;
        payload();
        break;
      }
      headField(tag >>> 3, tag & 7);
      headSize = at - start;
      if (verdict != Verdict.VALID) {
        return;
      }
      if (headSize > maxHeadSize) {
        fail(Verdict.HEAD_TOO_LARGE);
        return;
      }
      if (count == MAX_HEAD_FIELDS) {
        fail(Verdict.TOO_MANY_FIELDS);
        return;
      }
    }
    if (verdict == Verdict.VALID && api != 0 && !apis.known.get(api)) {
      fail(Verdict.UNKNOWN_API);
    }
  }

  private void payload() {
    int size = length();
    if (verdict != Verdict.VALID) {
      return;
    }
    payloadPosition = at;
    payloadSize = size;
    if (at + size != end) {
      fail(Verdict.AFTER_PAYLOAD);
    }
  }

  private void headField(int number, int type) {
    if (number >= FrameHead.PAYLOAD_FIELD) {
      // The payload's number with another wire type, or something that would stand behind it.
      fail(number == FrameHead.PAYLOAD_FIELD ? Verdict.WRONG_TYPE : Verdict.AFTER_PAYLOAD);
    } else if (number >= FIRST_API) {
      apiField(number, type);
    } else if (number == CORRELATION_ID) {
      once(hasCorrelationId, type, VARINT);
      correlationId = varint();
      hasCorrelationId = verdict == Verdict.VALID;
    } else if (number == SECOND_FIELD) {
      once(hasSecondField, type, secondFieldType);
      hasSecondField = true;
      skip(type);
    } else {
      skip(type);
    }
  }

  private void once(boolean seen, int type, int expectedType) {
    if (seen) {
      fail(Verdict.REPEATED_FIELD);
    } else if (type != expectedType) {
      fail(Verdict.WRONG_TYPE);
    }
  }

  private void apiField(int number, int type) {
    if (api != 0) {
      fail(Verdict.TWO_APIS);
      return;
    }
    if (type != LENGTH_DELIMITED) {
      fail(Verdict.WRONG_TYPE);
      return;
    }
    int size = length();
    if (verdict != Verdict.VALID) {
      return;
    }
    if (size > maxHeadSize) {
      fail(Verdict.HEAD_TOO_LARGE);
      return;
    }
    api = number;
    if (!apis.known.get(number)) {
      at += size; // told by its number; what is inside does not matter
      return;
    }
    int outerEnd = end;
    end = at + size;
    for (int count = 0; at < end && verdict == Verdict.VALID; count++) {
      if (count == maxApiFields) {
        fail(Verdict.TOO_MANY_FIELDS);
        return;
      }
      skip(tag() & 7);
    }
    end = outerEnd;
  }

  private void skip(int type) {
    if (verdict != Verdict.VALID) {
      return;
    }
    switch (type) {
      case VARINT -> varint();
      case FIXED64 -> advance(8);
      case FIXED32 -> advance(4);
      case LENGTH_DELIMITED -> advance(length());
      default -> fail(Verdict.GROUP);
    }
  }

  private void advance(int size) {
    if (size > end - at) {
      fail(Verdict.TRUNCATED);
    } else {
      at += size;
    }
  }

  private int tag() {
    long tag = varint();
    if (tag < 8 || tag > 0xffff_ffffL || (tag & 7) > FIXED32) {
      fail(Verdict.BAD_TAG);
    }
    return (int) tag;
  }

  /** Of what follows, which is all there. */
  private int length() {
    long length = varint();
    if (length < 0 || length > end - at) {
      fail(Verdict.TRUNCATED);
      return 0;
    }
    return (int) length;
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at == end) {
        fail(Verdict.TRUNCATED);
        return 0;
      }
      byte b = bytes.get(at++);
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        // A last byte of 0 adds nothing; the tenth has room for one bit.
        if ((b == 0 && shift > 0) || (b > 1 && shift == 63)) {
          fail(Verdict.BAD_VARINT);
        }
        return value;
      }
    }
    fail(Verdict.BAD_VARINT);
    return 0;
  }

  /** The first thing that is wrong is what is told. */
  private void fail(Verdict what) {
    if (verdict == Verdict.VALID) {
      verdict = what;
    }
  }

  /** 0 when absent, as protobuf has it. */
  public long correlationId() {
    return correlationId;
  }

  /**
   * Whether the correlation id was read before the scan stopped, so that the sender can be told.
   */
  public boolean hasCorrelationId() {
    return hasCorrelationId;
  }

  /** Whether the timeout of a request, or the error of a response, is there. */
  public boolean hasSecondField() {
    return hasSecondField;
  }

  /** The field number of the api, known or not; 0: none. */
  public int api() {
    return api;
  }

  /** Bytes from the start of the message that protobuf is to parse. */
  public int headSize() {
    return headSize;
  }

  /** Index in the scanned buffer. */
  public int payloadPosition() {
    return payloadPosition;
  }

  /** 0 also when there is no payload. */
  public int payloadSize() {
    return payloadSize;
  }

  /** Names and numbers of all apis, for the answer to an unknown one. */
  public String knownApis() {
    return apis.text;
  }
}
