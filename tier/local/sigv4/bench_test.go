package sigv4_test

import "testing"

func BenchmarkVerify(b *testing.B) {
	r := signed(b, "execute-api", temporary, `{"a":1}`)
	v := verifier(b, "execute-api", signedAt)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verify(v, r); err != nil {
			b.Fatal(err)
		}
	}
}
