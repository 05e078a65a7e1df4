// java Link.java KEY NAME '/qrcode?path=https%3A%2F%2Fexample.com' 600
import java.net.URLEncoder;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import static java.nio.charset.StandardCharsets.UTF_8;

class Link {
    static String link(String key, String name, String target, long seconds) throws Exception {
        String joint = target.contains("?") ? "&" : "?";
        String by = URLEncoder.encode(name, UTF_8).replace("+", "%20").replace("*", "%2A");
        String text = target + joint + "wx_by=" + by + "&wx_exp=" + (Instant.now().getEpochSecond() + seconds);
        byte[] secret = MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8));
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret, "HmacSHA256"));
        byte[] sum = mac.doFinal(text.getBytes(UTF_8));
        return text + "&wx_sig=" + Base64.getUrlEncoder().withoutPadding().encodeToString(sum);
    }

    public static void main(String[] args) throws Exception {
        System.out.println(link(args[0], args[1], args[2], Long.parseLong(args[3])));
    }
}
