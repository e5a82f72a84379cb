package cache

// AccessString is what a user of the cluster is allowed: the commands that this
// package sends, for the keys of this store in the namespace of an App.
//
// See https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html#Access-string
func (s Spec) AccessString(namespace string) string {
	return "on ~" + namespace + ":" + s.Logical + ":* -@all" +
		" +get +mget +set +del +incrby +eval +ping +cluster" +
		" +exists +hmget +hset +hdel +pexpire +time"
}
