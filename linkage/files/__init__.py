"""特定個人情報ファイル: opened by permit for an affair and an agency, and the records of persons that are kept in them."""
