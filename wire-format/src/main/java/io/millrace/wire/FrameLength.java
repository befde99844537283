package io.millrace.wire;

/**
 * The four bytes in front of every message: its size, big-endian.
 *
 * <pre>
 *  0       4                4 + length
 *  | length | message ...... |
 * </pre>
 */
public final class FrameLength {
  /** Bytes of the length itself. */
  public static final int SIZE = 4;

  /** Hardly anybody allows more: four times what a broker does unless it is told otherwise. */
  private static final int PLAUSIBLE = 256 << 20;

  private FrameLength() {}

  /** Whether a message of this length may be received; asked before anything is allocated. */
  public static boolean isAllowed(int length, int limit) {
    return length > 0 && length <= limit;
  }

  /**
   * Why {@link #isAllowed} said no, for people: four bytes that are no length mostly are the start
   * of another protocol, and then that is the thing to say.
   */
  public static String whyRefused(int length, int limit) {
    String other = otherProtocol(length);
    String size = Integer.toUnsignedString(length);
    if (!other.isEmpty()) {
      return "the other side speaks " + other + " and not Millrace's protocol";
    }
    if (length == 0) {
      return "the other side announced a message of 0 bytes";
    }
    return "the other side announced a message of "
        + size
        + " bytes; the limit is "
        + limit
        + (length < 0 || length > PLAUSIBLE ? "; is this another protocol?" : "");
  }

  private static String otherProtocol(int firstFourBytes) {
    int contentType = firstFourBytes >>> 24;
    int majorVersion = (firstFourBytes >>> 16) & 0xff;
    if (contentType >= 20 && contentType <= 23 && majorVersion == 3) {
      return "TLS"; // alert, handshake and so on of SSL 3.0 to TLS 1.3
    }
    return switch (firstFourBytes) {
      case 0x47455420, 0x48454144, 0x504f5354, 0x50555420, 0x4f505449, 0x44454c45, 0x48545450 ->
          "HTTP"; // GET, HEAD, POST, PUT, OPTI(ONS), DELE(TE), HTTP
      case 0x50524920 -> "HTTP/2";
      case 0x5353482d -> "SSH";
      case 0x50524f58 -> "the PROXY protocol";
      default -> "";
    };
  }
}
