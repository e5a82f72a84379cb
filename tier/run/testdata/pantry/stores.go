package main

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
)

type note struct {
	ID   string `json:"id" path:"id" table:"id,pk"`
	Text string `json:"text"`
}

type notes interface {
	table.Getter[note]
	table.Putter[note]
}

type photos interface {
	blob.Getter
	blob.Putter
	blob.GetSigner
	blob.PutSigner
	blob.PostSigner
}

type seals interface {
	key.Sealer
	key.Opener
}

type users interface {
	identity.Creator
	identity.Getter
}

type jars interface {
	sqldb.Reader
	sqldb.Writer
}

type stores struct {
	notes  notes
	photos photos
	stripe secret.Getter[secret.Text]
	pii    seals
	users  users
	jars   jars
	jobs   queue.Sender[note]
	news   topic.Publisher[note]
}

type byID struct {
	ID string `path:"id"`
}

type text struct {
	Text string `json:"text"`
}

func (s stores) putNote(ctx context.Context, in note) (note, error) { return s.notes.Put(ctx, in) }

func (s stores) getNote(ctx context.Context, in byID) (note, error) {
	return s.notes.Get(ctx, table.PK(in.ID))
}

// putPhoto stores a text that only the key pii can read.
func (s stores) putPhoto(ctx context.Context, in note) (struct{}, error) {
	sealed, err := s.pii.Seal(ctx, []byte(in.Text), key.Context{"photo": in.ID})
	if err != nil {
		return struct{}{}, err
	}
	_, err = s.photos.Put(ctx, in.ID, strings.NewReader(string(sealed)))
	return struct{}{}, err
}

func (s stores) getPhoto(ctx context.Context, in byID) (text, error) {
	object, err := s.photos.Get(ctx, in.ID)
	if err != nil {
		return text{}, err
	}
	defer object.Close()
	sealed, err := io.ReadAll(object)
	if err != nil {
		return text{}, err
	}
	plain, err := s.pii.Open(ctx, sealed, key.Context{"photo": in.ID})
	return text{string(plain)}, err
}

type way struct {
	ID  string `path:"id"`
	Way string `path:"way"`
}

// sign signs a request of the method that is asked for, a form of at most ten bytes.
func (s stores) sign(ctx context.Context, in way) (blob.Signed, error) {
	switch in.Way {
	case "put":
		return s.photos.SignPut(ctx, in.ID, time.Minute, blob.ContentType("text/plain"))
	case "post":
		return s.photos.SignPost(ctx, in.ID, blob.PostPolicy{TTL: time.Minute, MaxSize: 10})
	}
	return s.photos.SignGet(ctx, in.ID, time.Minute)
}

func (s stores) getSecret(ctx context.Context, _ struct{}) (text, error) {
	value, err := s.stripe.Get(ctx)
	return text{strings.ToUpper(string(value))}, err
}

func (s stores) putUser(ctx context.Context, in byID) (struct{}, error) {
	_, err := s.users.Create(ctx, identity.NewUser{Name: in.ID, Attributes: map[string]string{"email": in.ID + "@shop.example"}})
	return struct{}{}, err
}

func (s stores) getUser(ctx context.Context, in byID) (text, error) {
	u, err := s.users.Get(ctx, in.ID)
	return text{u.Attributes["email"]}, err
}

type jar struct {
	ID    string `json:"id" path:"id"`
	Grams int    `json:"grams"`
}

func (s stores) putJar(ctx context.Context, in jar) (struct{}, error) {
	_, err := s.jars.Write().ExecContext(ctx, "INSERT INTO jars (id, grams) VALUES ($1, $2)", in.ID, in.Grams)
	return struct{}{}, err
}

func (s stores) getJar(ctx context.Context, in byID) (jar, error) {
	out := jar{ID: in.ID}
	err := s.jars.Read().QueryRowContext(ctx, "SELECT grams FROM jars WHERE id = $1", in.ID).Scan(&out.Grams)
	return out, err
}

func (s stores) send(ctx context.Context, in note) (text, error) {
	id, err := s.jobs.Send(ctx, in)
	return text{id}, err
}

func (s stores) publish(ctx context.Context, in note) (text, error) {
	id, err := s.news.Publish(ctx, in)
	return text{id}, err
}
