package filesecret

import (
	"testing"
)

// FuzzOpen: nothing is opened that was not sealed with this key for this name.
func FuzzOpen(f *testing.F) {
	key, err := newKey(make([]byte, keySize))
	if err != nil {
		f.Fatal(err)
	}
	sealed := seal(key, "a", []byte("value"))
	f.Add("a", sealed)
	f.Add("b", sealed)
	f.Add("a", sealed[:len(magic)])
	f.Add("a", sealed[:len(magic)+5])
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		// Each process that fuzzes has sealed with a nonce of its own.
		if plain, err := open(key, name, data); err == nil && (name != "a" || string(plain) != "value") {
			t.Errorf("open(%q, %x) = %q", name, data, plain)
		}
	})
}
