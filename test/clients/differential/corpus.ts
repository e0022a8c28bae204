const crlf = (text: string): string => text.replace(/\n/g, "\r\n");

/** Messages about whose structure servers could be of different minds. Latin-1; every line ends with CRLF. */
export const corpus: Readonly<Record<string, string>> = {
  plain: crlf(`From: Ann Smith <ann@example.com>
To: bob@example.com, "Carl, the third" <carl@example.org>
Cc: undisclosed-recipients:;
Subject: Hello
Date: Mon, 5 Jan 2026 10:00:00 +0100
Message-ID: <one@example.com>

Hello, world.
`),
  "encoded words": crlf(`From: =?iso-8859-1?Q?J=F6rg?= <joerg@example.de>
Sender: list@example.de
Reply-To: <answers@example.de>
To: A Group: x@example.de, Y <y@example.de>; , z@example.de
Bcc: hidden@example.de
Subject: =?utf-8?B?R3LDvMOfZQ==?= and
 =?utf-8?Q?_more?=
Date: Tue, 06 Jan 2026 11:22:33 GMT
Message-ID: <two@example.de>
In-Reply-To: <one@example.com>
References: <zero@example.com> <one@example.com>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe
`),
  mixed: crlf(`From: a@example.com
Subject: mixed
Date: 7 Jan 2026 08:00 -0500
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

preamble
--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=us-ascii; format=flowed

plain text
--inner
Content-Type: text/html; charset="iso-8859-1"
Content-Transfer-Encoding: 8bit
Content-Language: en, de
Content-Location: http://example.com/a%20b

<p>f\xfcr</p>
--inner--
between
--outer
Content-Type: image/png; name="a b.png"
Content-Disposition: attachment; filename="a b.png"; size=6
Content-ID: <pic@example.com>
Content-Description: a picture
Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--outer--
epilogue
`),
  forwarded: crlf(`From: a@example.com
Subject: Fwd: two levels
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b1

--b1

No type here.
--b1
Content-Type: message/rfc822
Content-Disposition: inline

From: b@example.com
To: c@example.com
Subject: inside
Date: Thu, 8 Jan 2026 09:00:00 +0000
Message-ID: <inside@example.com>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b2

--b2
Content-Type: text/plain

inner text
--b2
Content-Type: message/rfc822

Subject: deepest

deepest text
--b2--
--b1--
`),
  digest: crlf(`From: a@example.com
Subject: digest
MIME-Version: 1.0
Content-Type: multipart/digest; boundary="d"

--d

From: x@example.com
Subject: first

one
--d

From: y@example.com
Subject: second

two
--d--
`),
  "8bit header": crlf(`From: J\xf6rg <joerg@example.de>
Subject: gr\xfcn
Content-Type: text/plain; charset=iso-8859-1

gr\xfcn
`),
  "no headers": crlf(`
only a body
`),
  "no body": crlf(`Subject: no body
From: a@example.com

`),
  "headers end with the message": crlf(`Subject: no blank line
From: a@example.com
`),
  "no such boundary": crlf(`Subject: no such boundary
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=nowhere

text without parts
`),
  "unfinished multipart": crlf(`Subject: unfinished
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

cut off
`),
  "parameters of RFC 2231": crlf(`Subject: parameters
MIME-Version: 1.0
Content-Type: application/octet-stream; name*0*=utf-8''gr%C3%BC; name*1*=n%20; name*2="x.txt"
Content-Disposition: attachment; filename*=iso-8859-1'de'gr%FCn.txt
Content-Transfer-Encoding: BASE64

AAEC
`),
  "odd types": crlf(`Subject: odd types
MIME-Version: 1.0
Content-Type: TEXT
Content-Transfer-Encoding: Binary

x
`),
  comments: crlf(`From: (nobody) a@example.com (Ann (nested) Example)
To: "quoted \\"name\\"" <"odd local"@example.com>, <@route.example:b@example.com>
Subject:    spaces   within   
Date: Fri, 9 Jan 2026 10:00:00 +0000 (UTC)
Content-Type: text/plain (a comment); charset (c) = utf-8

x
`),
  folded: crlf(`From: a@example.com,
	b@example.com
Subject: folded
 over
	three lines
X-Long: ${"word ".repeat(60)}
X-Empty:
To:

text
`),
  "From without an address": crlf(`From: Just A Name
To: broken@, @example.com, <>
Subject:
Date: yesterday

x
`),
  "obsolete forms": crlf(`From: jdoe@test (a) . (b) example
To: Mary Smith <@node.test,@b.test:mary@example.net>, a@[IPv6:2001:db8::1],
 c@example.org (Ann \\(x\\) \\"q\\" Smith)
Cc: <d@example.com> (Doe, Dan), e@example.com
Subject: obsolete forms
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii(Plain text); format (c) = flowed(d)
Content-Disposition: attachment(c); filename=a(b)
Content-Transfer-Encoding: 8 bit

x
`),
};
