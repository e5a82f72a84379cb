package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// key is one public key of an issuer (RFC 7517).
type key struct {
	id, kty, crv string
	alg          string // the only algorithm it is for; "" for any that fits
	public       crypto.PublicKey
	err          error // why it cannot be used to verify; nil if it can
}

// The moduli that an RSA key may have, in bits. Below, it is too weak; above,
// verifying costs milliseconds.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

// parseKeys reads a key set. A key that cannot be used stays in the set with
// the reason: other keys are not its fault, and a token that names it is told.
func parseKeys(data []byte) (map[string][]*key, error) {
	set, err := parseObject(string(data))
	if err != nil {
		return nil, fmt.Errorf("the key set %w", err)
	}
	list := set.value("keys")
	if list == "" || list[0] != '[' {
		return nil, errors.New(`the key set has no list "keys"`)
	}
	keys := map[string][]*key{}
	for element := range elements(list) {
		if k := parseKey(element); k.id != "" {
			keys[k.id] = append(keys[k.id], k)
		}
	}
	return keys, nil
}

// parseKey reads a key. One without an id cannot be named by a token.
func parseKey(text string) *key {
	o, err := parseObject(text)
	if err != nil {
		return &key{err: err}
	}
	k := &key{}
	for _, member := range []struct {
		name string
		to   *string
	}{{"kid", &k.id}, {"kty", &k.kty}, {"crv", &k.crv}, {"alg", &k.alg}} {
		s, ok := o.textOf(member.name)
		if !ok && k.err == nil {
			k.err = fmt.Errorf("its %q is not text", member.name)
		}
		*member.to = s
	}
	if k.err == nil {
		k.err = checkUse(o)
	}
	if k.err == nil {
		k.public, k.err = k.parsePublic(o)
	}
	return k
}

// checkUse refuses a key that is not for verifying signatures.
func checkUse(o object) error {
	use, ok := o.textOf("use")
	if !ok || o.has("use") && use != "sig" {
		return fmt.Errorf(`its "use" is %s, not "sig"`, quote(o.value("use")))
	}
	ops, ok := o.list("key_ops")
	if !ok || o.has("key_ops") && !slices.Contains(ops, "verify") {
		return errors.New(`its "key_ops" do not have "verify"`)
	}
	for _, private := range []string{"d", "k"} {
		if o.has(private) {
			return errors.New("it is a secret or private key, and everybody can read it")
		}
	}
	return nil
}

func (k *key) parsePublic(o object) (crypto.PublicKey, error) {
	switch k.kty {
	case "RSA":
		k.crv = ""
		return parseRSA(o)
	case "EC":
		return parseEC(o, k.crv)
	case "OKP":
		return parseOKP(o, k.crv)
	}
	return nil, fmt.Errorf("its type is %s, not RSA, EC or OKP", quote(k.kty))
}

func parseRSA(o object) (crypto.PublicKey, error) {
	n, err := o.integer("n")
	if err != nil {
		return nil, err
	}
	e, err := o.integer("e")
	if err != nil {
		return nil, err
	}
	if bits := n.BitLen(); bits < minRSABits || bits > maxRSABits {
		return nil, fmt.Errorf("its modulus has %d bits, not %d to %d", bits, minRSABits, maxRSABits)
	}
	// An exponent of 1 makes every message its own signature.
	if e.BitLen() > 31 || e.Cmp(big.NewInt(3)) < 0 || e.Bit(0) == 0 || n.Bit(0) == 0 {
		return nil, errors.New("its modulus or exponent is not that of an RSA key")
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

func parseEC(o object, crv string) (crypto.PublicKey, error) {
	var curve elliptic.Curve
	switch crv {
	case "P-256":
		curve = elliptic.P256()
	case "P-384":
		curve = elliptic.P384()
	case "P-521":
		curve = elliptic.P521()
	default:
		return nil, fmt.Errorf("its curve is %s, not P-256, P-384 or P-521", quote(crv))
	}
	size := (curve.Params().BitSize + 7) / 8
	point := []byte{4} // uncompressed: x and y follow
	for _, name := range []string{"x", "y"} {
		b, err := o.bytes(name)
		if err != nil {
			return nil, err
		}
		if len(b) != size {
			return nil, fmt.Errorf("its %q has %d bytes, not %d", name, len(b), size)
		}
		point = append(point, b...)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil, errors.New("it is no point of its curve")
	}
	return public, nil
}

func parseOKP(o object, crv string) (crypto.PublicKey, error) {
	if crv != "Ed25519" {
		return nil, fmt.Errorf("its curve is %s, not Ed25519", quote(crv))
	}
	x, err := o.bytes("x")
	if err != nil {
		return nil, err
	}
	if len(x) != ed25519.PublicKeySize {
		return nil, fmt.Errorf(`its "x" has %d bytes, not %d`, len(x), ed25519.PublicKeySize)
	}
	return ed25519.PublicKey(x), nil
}

// bytes is a member that holds bytes as base64url.
func (o object) bytes(name string) ([]byte, error) {
	s, ok := o.textOf(name)
	if !ok || s == "" {
		return nil, fmt.Errorf("its %q is missing or not text", name)
	}
	b, err := appendDecoded(nil, []byte(s))
	if err != nil {
		return nil, fmt.Errorf("its %q %w", name, err)
	}
	return b, nil
}

func (o object) integer(name string) (*big.Int, error) {
	b, err := o.bytes(name)
	if err != nil {
		return nil, err
	}
	return new(big.Int).SetBytes(b), nil
}
