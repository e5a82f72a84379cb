package template

import (
	"strconv"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// cacheNode is the type of the nodes of a replication group, of which there are
// two, in two zones.
const cacheNode = "cache.t4g.micro"

// cache adds an ElastiCache cluster of Valkey, encrypted on the way and where it
// lies, with a user who can send what package cache sends, for the keys of this
// store. See
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticache-replicationgroup.html
// and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticache-serverlesscache.html.
func (s *stack) cache(store usedStore, spec cache.Spec) {
	id := policy.StoreID(spec)
	s.group(storeGroupID(spec), "Cache "+spec.Name(), store.at)
	group := s.cacheUser(store, spec)
	if spec.Serverless {
		properties := object{
			{"ServerlessCacheName", ownName(spec.Name(), maxCacheName)},
			{"Engine", "valkey"},
			{"SecurityGroupIds", array{getAtt(storeGroupID(spec), "GroupId")}},
			{"SubnetIds", s.subnets()},
		}
		if group != nil {
			properties = append(properties, member{"UserGroupId", group})
		}
		s.add(resource{id: id, typ: "AWS::ElastiCache::ServerlessCache", at: store.at, properties: properties})
		return
	}
	s.add(resource{id: id + "Subnets", typ: "AWS::ElastiCache::SubnetGroup", at: store.at, properties: object{
		{"Description", "Cache " + spec.Name()},
		{"SubnetIds", s.subnets()},
	}})
	properties := object{
		{"ReplicationGroupId", ownName(spec.Name(), maxCacheName)},
		{"ReplicationGroupDescription", "Cache " + spec.Name()},
		{"Engine", "valkey"},
		{"CacheNodeType", cacheNode},
		{"NumCacheClusters", 2},
		{"AutomaticFailoverEnabled", true},
		{"MultiAZEnabled", true},
		{"AtRestEncryptionEnabled", true},
		{"TransitEncryptionEnabled", true},
		{"CacheSubnetGroupName", ref(id + "Subnets")},
		{"SecurityGroupIds", array{getAtt(storeGroupID(spec), "GroupId")}},
	}
	if group != nil {
		properties = append(properties, member{"UserGroupIds", array{group}})
	}
	s.add(resource{id: id, typ: "AWS::ElastiCache::ReplicationGroup", at: store.at, properties: properties})
}

// cacheUser adds the user of a cache and the group that the cache wants, and
// returns the group; nil for a cache that nobody logs in to. A user who logs in as
// a role has an id that is its name.
func (s *stack) cacheUser(store usedStore, spec cache.Spec) any {
	if spec.Anonymous {
		return nil
	}
	id := policy.StoreID(spec)
	var name any = ownName(spec.Name(), maxCacheName)
	mode := object{{"Type", "iam"}}
	switch {
	case spec.Login != nil:
		login := policy.StoreID(spec.Login.Spec())
		name = sub("{{resolve:secretsmanager:${" + login + "}:SecretString:username}}")
		mode = object{
			{"Type", "password"},
			{"Passwords", array{sub("{{resolve:secretsmanager:${" + login + "}:SecretString:password}}")}},
		}
	case spec.User != "":
		name = spec.User
	}
	userID := name
	if spec.Login != nil {
		userID = ownName(spec.Name(), maxCacheName)
	}
	s.add(resource{id: id + "User", typ: "AWS::ElastiCache::User", at: store.at, properties: object{
		{"UserId", userID},
		{"UserName", name},
		{"Engine", "valkey"},
		{"AccessString", spec.AccessString(s.app.Name(), s.cachePrefixes(spec)...)},
		{"AuthenticationMode", mode},
	}})
	s.add(resource{id: id + "Users", typ: "AWS::ElastiCache::UserGroup", at: store.at, properties: object{
		{"UserGroupId", ownName(spec.Name(), maxCacheName)},
		{"Engine", "valkey"},
		{"UserIds", array{ref(id + "User")}},
	}})
	return ref(id + "Users")
}

// cachePrefixes are those of the keys that functions were granted.
func (s *stack) cachePrefixes(spec cache.Spec) (prefixes []string) {
	for _, f := range s.app.Functions() {
		for _, u := range datastore.Usages(f.Grants()) {
			if own, ok := u.Spec.(cache.Spec); ok && datastore.Same(own, spec) {
				prefixes = append(prefixes, own.Prefix)
			}
		}
	}
	return prefixes
}

// cacheURL is what the driver finds a cache by.
func cacheURL(spec cache.Spec) reference {
	id := policy.StoreID(spec)
	host := id + ".PrimaryEndPoint.Address"
	if spec.Serverless {
		host = id + ".Endpoint.Address"
	}
	port := ":" + strconv.Itoa(cache.Port)
	if spec.Anonymous || spec.Login != nil {
		query := ""
		if spec.Serverless {
			query = "?cluster=1"
		}
		return sub("rediss://${" + host + "}" + port + query)
	}
	return sub("rediss://${" + id + "User}@${" + host + "}" + port + "?iam=${" + id + "}")
}

// maxCacheName is the length of a name of ElastiCache.
const maxCacheName = 40
